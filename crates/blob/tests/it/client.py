"""What uploaders do, by the unmodified official client. Arguments: origin, account, key."""

import base64
import os
import sys
from datetime import datetime, timedelta, timezone

from azure.core import MatchConditions
from azure.core.credentials import AzureNamedKeyCredential
from azure.core.exceptions import (
    ClientAuthenticationError,
    HttpResponseError,
    ResourceExistsError,
    ResourceModifiedError,
    ResourceNotFoundError,
)
from azure.storage.blob import (
    BlobBlock,
    BlobClient,
    BlobServiceClient,
    ContainerClient,
    ContentSettings,
    generate_account_sas,
    generate_container_sas,
)

origin, account, key = sys.argv[1:]
expiry = datetime.now(timezone.utc) + timedelta(hours=1)


def refused(kind, action, status=None, code=None):
    try:
        action()
    except kind as error:
        assert status is None or error.status_code == status, error
        assert code is None or error.error_code == code, error
        return
    raise AssertionError(f"not refused with {kind.__name__}")


# By account key.
service = BlobServiceClient(origin, credential=AzureNamedKeyCredential(account, key), retry_total=0)
service.create_container("box", metadata={"k": "v"})
refused(ResourceExistsError, lambda: service.create_container("box"), 409, "ContainerAlreadyExists")
assert [c.name for c in service.list_containers(include_metadata=True)] == ["box"]
assert next(iter(service.list_containers(include_metadata=True))).metadata == {"k": "v"}
assert service.get_account_information()["account_kind"] == "StorageV2"
box = service.get_container_client("box")
assert box.get_container_properties().metadata == {"k": "v"}
assert box.exists() and not service.get_container_client("other").exists()
wrong = base64.b64encode(b"wrong" * 8).decode()
stranger = BlobServiceClient(origin, credential=AzureNamedKeyCredential(account, wrong), retry_total=0)
refused(ClientAuthenticationError, lambda: list(stranger.list_containers()), 403, "AuthenticationFailed")

# By a container's signature, the way uploaders get it.
sas = generate_container_sas(account, "box", account_key=key, permission="racwdl", expiry=expiry)
box = ContainerClient.from_container_url(f"{origin}/box?{sas}", max_block_size=1 << 20, max_single_put_size=8 << 20)
data = os.urandom(20 << 20)
for name, length in [("empty", 0), ("small", 1 << 10), ("dir/medium é+%20.bin", 5 << 20), ("large", 20 << 20)]:
    blob = box.get_blob_client(name)
    settings = ContentSettings(content_type="video/mp4", content_disposition="inline", content_language="de")
    blob.upload_blob(data[:length], content_settings=settings, metadata={"title": "Film"}, max_concurrency=4)
    assert blob.download_blob(max_concurrency=2).readall() == data[:length], name
    facts = blob.get_blob_properties()
    assert facts.size == length and facts.metadata == {"title": "Film"}, facts
    assert facts.content_settings.content_type == "video/mp4"
    assert facts.content_settings.content_language == "de"
    assert facts.etag and facts.last_modified and facts.blob_type == "BlockBlob"
large = box.get_blob_client("large")
assert len(large.get_block_list()[0]) == 20
assert large.download_blob(offset=(3 << 20) + 5, length=1 << 20).readall() == data[(3 << 20) + 5 : (4 << 20) + 5]
assert large.download_blob(offset=7, length=9, validate_content=True).readall() == data[7:16]
box.get_blob_client("checked").upload_blob(data[: 3 << 20], validate_content=True)
box.upload_blob("streamed", (data[at : at + 1000] for at in range(0, 9_500_000, 1000)), overwrite=True)
assert box.download_blob("streamed").readall() == data[:9_500_000]

# Overwriting, conditions, absence.
small = box.get_blob_client("small")
refused(ResourceExistsError, lambda: small.upload_blob(b"x"), 409, "BlobAlreadyExists")
refused(ResourceExistsError, lambda: small.upload_blob(data[: 5 << 20]), 409, "BlobAlreadyExists")
tag = small.get_blob_properties().etag
small.upload_blob(b"second", overwrite=True)
stale = {"etag": tag, "match_condition": MatchConditions.IfNotModified}
refused(ResourceModifiedError, lambda: small.upload_blob(b"third", overwrite=True, **stale), 412, "ConditionNotMet")
refused(ResourceModifiedError, lambda: small.download_blob(**stale), 412, "ConditionNotMet")
assert small.download_blob().readall() == b"second"
missing = box.get_blob_client("missing")
assert not missing.exists()
refused(ResourceNotFoundError, lambda: missing.download_blob(), 404, "BlobNotFound")

# Blocks by hand.
film = box.get_blob_client("film")
ids = [base64.b64encode(f"{n:05}".encode()).decode() for n in range(3)]
for n in (2, 0, 1):
    film.stage_block(ids[n], data[n * 1000 : (n + 1) * 1000], validate_content=True)
assert [block.id for block in film.get_block_list("all")[1]] == ids
film.commit_block_list([BlobBlock(i) for i in ids], content_settings=ContentSettings(content_type="video/mp4"))
assert film.download_blob().readall() == data[:3000]
refused(HttpResponseError, lambda: film.commit_block_list([BlobBlock("AAAA")]), 400, "InvalidBlockList")
assert film.download_blob().readall() == data[:3000]

# Metadata, properties.
film.set_blob_metadata({"a": "1"})
film.set_http_headers(ContentSettings(content_type="video/x", cache_control="no-store"))
facts = film.get_blob_properties()
assert facts.metadata == {"a": "1"} and facts.content_settings.cache_control == "no-store"

# Listings: pages, folders, facts.
for n in range(25):
    box.upload_blob(f"many/{n:02}/x", b"x", metadata={"n": str(n)})
pages = [list(page) for page in box.list_blobs(name_starts_with="many/", results_per_page=10, include=["metadata"]).by_page()]
assert [len(page) for page in pages] == [10, 10, 5]
assert [blob.metadata["n"] for page in pages for blob in page] == [str(n) for n in range(25)]
folders = [item.name for item in box.walk_blobs("many/", results_per_page=7)]
assert folders == [f"many/{n:02}/" for n in range(25)]
assert "dir/" in [item.name for item in box.walk_blobs()]
tricky = ["a<&>b", "tab\there", "new\nline", "ctrl\x01", "日本語/動画.mp4", "q?x=1#y", "100%", "trail/"]
for name in tricky:
    box.get_blob_client(name).upload_blob(name.encode())
listed = {blob.name: blob for blob in box.list_blobs()}
for name in tricky:
    assert box.download_blob(name).readall() == name.encode(), name
    assert name in listed, (name, list(listed))

# Other signatures.
everything = generate_account_sas(account, key, "sco", "rwdlac", expiry)
by_account = BlobServiceClient(f"{origin}?{everything}", retry_total=0)
assert [c.name for c in by_account.list_containers()] == ["box"]
by_account.get_blob_client("box", "film").download_blob().readall()
read_only = generate_container_sas(account, "box", account_key=key, permission="r", expiry=expiry)
reader = BlobClient(origin, "box", "film", credential=read_only, retry_total=0)
assert reader.download_blob().readall() == data[:3000]
refused(HttpResponseError, lambda: reader.upload_blob(b"x", overwrite=True), 403, "AuthorizationPermissionMismatch")
forged = BlobClient(origin, "box", "film", credential=f"{read_only[:-8]}AAAA%3D", retry_total=0)
refused(ClientAuthenticationError, lambda: forged.download_blob(), 403, "AuthenticationFailed")
late = generate_container_sas(account, "box", account_key=key, permission="r", expiry=expiry - timedelta(hours=2))
expired = BlobClient(origin, "box", "film", credential=late, retry_total=0)
refused(ClientAuthenticationError, lambda: expired.download_blob(), 403, "AuthenticationFailed")
anonymous = BlobClient(origin, "box", "film", retry_total=0)
refused(ResourceNotFoundError, lambda: anonymous.download_blob(), 404, "ResourceNotFound")
# Uploaders written for Azure Media Services: the signed address as service, the container's name twisted.
as_service = BlobServiceClient(f"{origin}/box?{sas}")
as_service.get_container_client("../box").get_blob_client("uploaded").upload_blob(b"hello")
assert box.download_blob("uploaded").readall() == b"hello"

# Leaving.
film.delete_blob(delete_snapshots="include")
refused(ResourceNotFoundError, lambda: film.get_blob_properties(), 404)
refused(HttpResponseError, lambda: film.acquire_lease(), 501, "NotImplemented")
service.delete_container("box")
refused(ResourceNotFoundError, lambda: service.get_container_client("box").get_container_properties(), 404, "ContainerNotFound")
print("all done")
