#!/usr/bin/env python3
"""Checks the proof that an account's line is part of a daily snapshot.

    verify_proof.py FILE [ROOT]

FILE is the answer of GET /api/v1/snapshots/{date}/accounts/{accountSequence}/proof, or - for standard input. ROOT is
the snapshot's merkleRoot from a place that you trust: the event DailySnapshotCreated, or the snapshot's header. Without
it the root in FILE is used, and all that is shown is that FILE is consistent with itself.

Written from docs/snapshot-tree.md alone, with Python's standard library alone. Exit code 0: proven, 1: not proven,
2: FILE cannot be read, or is no proof.
"""

import json
import re
import sys
from hashlib import sha256


class Unproven(Exception):
    """Why a proof proves nothing."""


def units(text, places):
    """A plain decimal number, in units of 10**-places."""
    if not isinstance(text, str) or not re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", text):
        raise ValueError(f"{text!r} is not a plain decimal number")
    whole, _, fraction = text.lstrip("-").partition(".")
    if fraction[places:].strip("0"):
        raise ValueError(f"{text!r} has more than {places} decimal places")
    number = int(whole + fraction[:places].ljust(places, "0"))
    return -number if text.startswith("-") else number


def natural(number):
    """A whole number that is not negative."""
    if type(number) is not int or number < 0:
        raise ValueError(f"{number!r} is not a count")
    return number


def digest(text):
    """64 hexadecimal digits as 32 bytes."""
    if not isinstance(text, str) or not re.fullmatch(r"[0-9a-fA-F]{64}", text):
        raise ValueError(f"{text!r} is not a hash")
    return bytes.fromhex(text)


def int8(number):
    """A whole number in 8 bytes."""
    return number.to_bytes(8, "big", signed=True)


def amount(number):
    """An amount, in units of 10**-10, in 16 bytes; no line and no sum is zero or less."""
    if number <= 0:
        raise Unproven("an amount or sum is not above zero")
    try:
        return number.to_bytes(16, "big", signed=True)
    except OverflowError:
        raise Unproven("an amount or sum does not fit") from None


def parent(left, right):
    """The node above two neighbours; a node is its hash and its sum."""
    hashed = left[0] + amount(left[1]) + right[0] + amount(right[1])
    return sha256(b"\x01" + hashed).digest(), left[1] + right[1]


def verify(proof, trusted_root):
    """Raises Unproven unless the snapshot with this root holds the line; ValueError or KeyError if it is no proof."""
    account = proof["accountSequence"].encode()
    ratio = units(proof["contributionRatio"], 18)
    own = units(proof["effectiveContribution"], 10)
    total = units(proof["networkTotalContribution"], 10)
    place, count = natural(proof["index"]), natural(proof["accountCount"])
    siblings = [(digest(one["hash"]), units(one["sum"], 10)) for one in proof["siblings"]]
    date = proof["snapshotDate"]
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", date):
        raise ValueError(f"{date!r} is not a date")
    if digest(proof["merkleRoot"]) != trusted_root:
        raise Unproven("it is about another root")
    if place >= count:
        raise Unproven(f"line {place} of {count} cannot be")

    leaf = int8(len(account)) + account + amount(own) + int8(ratio)
    node = sha256(b"\x00" + leaf).digest(), own
    last = count - 1
    while last > 0:
        if place % 2 == 1 or place < last:
            if not siblings:
                raise Unproven("there are too few siblings")
            sibling = siblings.pop(0)
            node = parent(sibling, node) if place % 2 == 1 else parent(node, sibling)
        place, last = place // 2, last // 2
    if siblings:
        raise Unproven("there are too many siblings")
    if node[1] != total:
        raise Unproven("the sums lead to another network total")
    root = int8(int(date.replace("-", ""))) + int8(count) + amount(total) + node[0]
    if sha256(b"\x02" + root).digest() != trusted_root:
        raise Unproven("the line and its siblings lead to another root")


def main(arguments):
    if len(arguments) not in (1, 2):
        print(__doc__, file=sys.stderr)
        return 2
    try:
        if arguments[0] == "-":
            proof = json.load(sys.stdin)
        else:
            with open(arguments[0], encoding="utf-8") as file:
                proof = json.load(file)
        root = digest(arguments[1] if len(arguments) == 2 else proof["merkleRoot"])
        verify(proof, root)
    except Unproven as reason:
        print(f"not proven: {reason}")
        return 1
    except (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        print(f"{arguments[0]}: no proof: {error}", file=sys.stderr)
        return 2
    print(
        f"proven: {proof['accountSequence']} had {proof['effectiveContribution']} of "
        f"{proof['networkTotalContribution']} on {proof['snapshotDate']}, a share of {proof['contributionRatio']}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
