"""The JSON view that commands and events share: for people, never for the wire inside the venue."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import IntEnum
from typing import Any

from pricetime.errors import RecordError
from pricetime.records.fields import NO_CLIENT_ID

EnumOf = Mapping[str, type[IntEnum]]


def record_to_json(record: Any, enums: EnumOf) -> dict[str, Any]:
    """Return a record (a named tuple) as an object: codes by lower-case name, zeros left out."""
    shown: dict[str, Any] = {}
    for name, value in zip(record._fields, record, strict=True):
        if name in enums:
            shown[name] = _name_of(enums[name], value)
        elif name == "client_id":
            shown[name] = value.hex()
        else:
            shown[name] = value
    shown["client_id"] = "" if record.client_id == NO_CLIENT_ID else shown["client_id"]
    return {name: value for name, value in shown.items() if value not in (0, "", "none")}


def record_from_json(data: Mapping[str, Any], fields: Iterable[str], enums: EnumOf) -> dict[str, Any]:
    """Return the fields of the record that ``record_to_json`` wrote; RecordError where it is none."""
    values: dict[str, Any] = dict.fromkeys(fields, 0) | {"client_id": NO_CLIENT_ID}
    if unknown := data.keys() - values.keys():
        raise RecordError(f"no such field in a record: {', '.join(sorted(unknown))}")
    try:
        for name, value in data.items():
            if name == "client_id":
                values[name] = bytes.fromhex(value)
            elif name in enums:
                values[name] = _code_of(enums[name], value)
            else:
                values[name] = int(value)
    except (KeyError, TypeError, ValueError) as error:
        raise RecordError(f"the field {name} cannot be {value!r}") from error
    return values


def _name_of(enum: type[IntEnum], code: int) -> str | int:
    try:
        return enum(code).name.lower()
    except ValueError:
        return code


def _code_of(enum: type[IntEnum], value: str | int) -> int:
    return value if isinstance(value, int) else enum[value.upper()].value
