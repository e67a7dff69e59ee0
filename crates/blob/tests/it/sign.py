"""Prints `path query` for signatures of every kind and many versions, made by the official client."""

import sys
from datetime import datetime, timedelta, timezone

from azure.storage.blob import _shared_access_signature as signing
from azure.storage.blob import generate_account_sas, generate_blob_sas, generate_container_sas
from azure.storage.blob._shared import shared_access_signature as shared

account, key = sys.argv[1:]
now = datetime.now(timezone.utc)
start, expiry = now - timedelta(minutes=5), now + timedelta(hours=1)
# Versions since the present string-to-sign; the client itself knows only that one.
VERSIONS = ["2020-12-06", "2021-12-02", "2023-11-03", "2026-10-06"]
OPTIONS = [
    {},
    {"start": start},
    {"protocol": "https"},
    {"ip": "192.0.2.7"},
    {"ip": "192.0.2.0-192.0.2.9", "protocol": "https,http"},
]
HEADERS = {
    "content_type": "video/mp4; charset=x",
    "content_disposition": 'attachment; filename="a+b &é.mp4"',
    "cache_control": "no-store",
    "content_encoding": "gzip",
    "content_language": "de",
}
for version in VERSIONS:
    signing.X_MS_VERSION = version
    init = shared.SharedAccessSignature.__init__
    init.__defaults__ = init.__defaults__[:-1] + (version,)
    for option in OPTIONS:
        print("box", generate_container_sas(account, "box", account_key=key, permission="rl", expiry=expiry, **option))
        for name in ["film.mp4", "dir/é ü+%&?.mp4", "../x"]:
            sas = generate_blob_sas(account, "box", name, account_key=key, permission="r", expiry=expiry, **option)
            print(f"box/{name}".replace(" ", "\u0001"), sas)
        print("box/x", generate_account_sas(account, key, "sco", "rl", expiry, **option))
    print("box", generate_container_sas(account, "box", account_key=key, permission="r", expiry=expiry, **HEADERS))
    scope = generate_container_sas(account, "box", account_key=key, permission="r", expiry=expiry, encryption_scope="s")
    print("box", scope)
