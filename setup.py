"""Builds the compiled core; everything else about the package stands in pyproject.toml.

Where there is no C compiler the package installs without it, and the reference rules serve.
``PRICETIME_SANITIZE=1`` builds it with AddressSanitizer and UBSan, for ``make sanitize``.
"""

import os

from Cython.Build import cythonize
from setuptools import Extension, setup

SANITIZERS = ["-fsanitize=address,undefined", "-fno-sanitize-recover=undefined", "-fno-omit-frame-pointer"]
# Tuned to this processor, but with no instruction that others lack: generic tuning blanks each event with a
# string instruction, which alone costs a third of the speed.
FAST = ["-O2", "-mtune=native"]
sanitize = SANITIZERS if os.environ.get("PRICETIME_SANITIZE") else []

modules = cythonize(
    [
        Extension(
            f"pricetime.core.{name}",
            [f"src/pricetime/core/{name}.pyx"],
            extra_compile_args=["-O1", "-g", *sanitize] if sanitize else FAST,
            extra_link_args=sanitize,
        )
        for name in ("venue", "partitions")
    ],
    build_dir="build",
    compiler_directives={
        "language_level": 3,
        "cdivision": True,
        "boundscheck": False,
        "wraparound": False,
        "initializedcheck": False,
    },
)
for module in modules:
    module.optional = not sanitize  # cythonize forgets it where it is given to Extension
setup(ext_modules=modules)
