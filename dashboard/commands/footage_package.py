"""`footage verify-package | public-key`: whether a package is whole, and what to check it with."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser, Namespace, _SubParsersAction
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from media.evidence.verify import Verdict

PROBLEM = {
    "changed": "内容被改动 / its content was changed",
    "missing": "缺失 / missing",
    "added": "多出 / added",
    "header": "zip 中对它的登记被改动 / its entry in the zip was changed",
    "not_signed": "签名与清单不符 / the signature does not fit the list",
    "other_key": "不是所给的公钥 / not the key that was given",
    "layout": "zip 目录被改动或首尾被增删 / the zip's directory was changed, or bytes were added or cut off",
}


def register(footage: _SubParsersAction[ArgumentParser]) -> None:
    """Adds the commands below `footage`; neither needs the database."""
    verify = footage.add_parser(
        "verify-package",
        help="核验证据包：0 完整，1 被改动，2 无法读取 / is a package whole? 0 yes, 1 no, 2 unreadable",
    )
    verify.add_argument("package", type=Path, metavar="FILE.zip")
    verify.add_argument(
        "--key",
        type=Path,
        metavar="PEM",
        help="交易中心公布的公钥，缺省用包内的 / the key that the centre has published",
    )
    verify.add_argument("--json", action="store_true", help="输出 JSON / print JSON")
    verify.set_defaults(run=verify_package)
    key = footage.add_parser("public-key", help="本系统的公钥 / this installation's public key")
    key.add_argument("--json", action="store_true", help="输出 JSON / print JSON")
    key.set_defaults(run=public_key)


def verify_package(args: Namespace) -> int:
    """Prints the verdict on a package: 0 whole, 1 changed (named), 2 it cannot be read."""
    from media.evidence.verify import NoPackage, verify
    from media.signing import UnusableKey

    try:
        pem = args.key.read_text(encoding="utf-8") if args.key else None
        verdict = verify(args.package, key_pem=pem)
    except (NoPackage, UnusableKey, UnicodeDecodeError) as error:
        return _refuse(str(error))
    except OSError as error:
        return _refuse(f"无法读取 {error.filename} / cannot read {error.filename}: {error.strerror}")
    if args.json:
        print(json.dumps(_told(verdict, given=pem is not None), ensure_ascii=False))
    else:
        _print(verdict, given=pem is not None)
    return 1 if verdict.faults else 0


def _told(verdict: Verdict, *, given: bool) -> dict[str, object]:
    return {
        "whole": not verdict.faults,
        "number": verdict.number,
        "files": verdict.files,
        "size": verdict.size,
        "key_fingerprint": verdict.fingerprint,
        "key_given": given,
        "faults": [{"file": fault.name, "problem": fault.problem.value} for fault in verdict.faults],
    }


def _print(verdict: Verdict, *, given: bool) -> None:
    for fault in verdict.faults:
        print(f"{fault.name}\t{PROBLEM[fault.problem]}")
    if verdict.faults:
        print(f"已被改动 / changed: {verdict.number}")
    else:
        print(f"完整，未被改动 / whole and unchanged: {verdict.number}, {verdict.files} files")
    if verdict.fingerprint:
        print(f"公钥指纹 / key fingerprint: {verdict.fingerprint}")
    if not given:
        print(
            "请与交易中心公布的公钥指纹核对，或用 --key 给出公布的公钥 / "
            "compare it with the published fingerprint, or give the published key with --key"
        )


def public_key(args: Namespace) -> int:
    """Prints the public key, and its fingerprint beside it; 2 when the key file is damaged."""
    from media import signing

    try:
        pem = signing.public_key_pem()
    except signing.UnusableKey as unusable:
        return _refuse(str(unusable))
    if args.json:
        print(json.dumps({"public_key": pem, "fingerprint": signing.fingerprint(pem)}))
        return 0
    print(pem, end="")
    # Not on standard output, which may go into a file as it is.
    print(f"指纹 / fingerprint: {signing.fingerprint(pem)}", file=sys.stderr)
    return 0


def _refuse(why: str) -> int:
    print(why, file=sys.stderr)
    return 2
