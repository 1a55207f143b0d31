"""``python -m pricetime.cli``: the command line where no ``pricetime`` is on the path."""

from pricetime.cli import main

if __name__ == "__main__":
    main()
