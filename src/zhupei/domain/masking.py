"""What may be shown of a number, phone, name or address to those who may not read all of it.

Masking is for display only: what is masked can often be guessed, so that a masked value is
neither a key nor anonymous. Each function takes the value as it was normalised for storage.
"""

from __future__ import annotations

import re

__all__ = ["mask_email", "mask_name", "mask_number", "mask_phone"]

_STAR = "*"
_MOBILE = re.compile(r"(?P<country>\+86 ?)?(?P<head>1\d{2})(?P<middle>\d{4})(?P<tail>\d{4})")


def mask_number(number: str) -> str:
    """Return the number of an identity document with its middle hidden: ``110***********1234``.

    Of eighteen characters the first three and the last four stay. Shorter numbers keep less: at
    most a sixth in front and a third behind, so that the larger part is always hidden.
    """
    length = len(number)
    head, tail = min(3, length // 6), min(4, length // 3)
    return number[:head] + _STAR * (length - head - tail) + number[length - tail :]


def mask_phone(phone: str) -> str:
    """Return a phone number with its middle hidden: ``138****8000``.

    Of a number that is not a mainland mobile the last third stays, at most four characters;
    ``+`` and separators are kept, so that the form remains recognisable.
    """
    if (mobile := _MOBILE.fullmatch(phone)) is not None:
        return f"{mobile['country'] or ''}{mobile['head']}{_STAR * 4}{mobile['tail']}"
    digits = sum(character.isdigit() for character in phone)
    hidden = digits - min(4, digits // 3)
    masked: list[str] = []
    for character in phone:
        if character.isdigit() and hidden > 0:
            hidden -= 1
            masked.append(_STAR)
        else:
            masked.append(character)
    return "".join(masked)


def mask_name(name: str) -> str:
    """Return a name with its middle hidden, as public lists print it: ``张*``, ``张*明``.

    A Chinese name keeps its first character and, of three or more, its last. A name in Latin
    letters, or with ``·`` between its parts, keeps the first letter of each part.
    """
    if name.isascii() or "·" in name:
        return "".join(
            part if part in {" ", "·", "-"} else part[:1] + _STAR * (len(part) - 1)
            for part in re.split(r"([ ·-])", name)
        )
    if len(name) < 2:
        return _STAR * len(name)
    if len(name) == 2:
        return name[0] + _STAR
    return name[0] + _STAR * (len(name) - 2) + name[-1]


def mask_email(address: str) -> str:
    """Return an e-mail address with three stars for all but its first character: ``z***@a.cn``.

    The stars do not tell how long the hidden part is. Text without ``@`` is hidden whole.
    """
    local, at, domain = address.rpartition("@")
    return f"{local[:1]}{_STAR * 3}@{domain}" if at else _STAR * 3
