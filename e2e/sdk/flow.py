"""The whole flow of a media service through the official Python packages, unmodified.

    python flow.py CREDENTIALS_JSON MEDIA_FILE

Against the documented samples only addresses change: the authority, the base URL and the bundle of certificate
authorities come from the server's credentials.json. Ends with status 0 only if every step did what it must; failures
name the step.
"""

import json
import os
import sys
import time
import uuid
from datetime import datetime, timedelta, timezone

credentials = json.load(open(sys.argv[1], encoding="utf-8"))
media_file = sys.argv[2]
# requests reads it when its sessions are made, so it is set before anything makes one.
os.environ["REQUESTS_CA_BUNDLE"] = credentials["caFile"]

import requests
from azure.core.exceptions import (
    ClientAuthenticationError,
    HttpResponseError,
    ResourceExistsError,
    ResourceNotFoundError,
)
from azure.identity import ClientSecretCredential
from azure.mgmt.media import AzureMediaServices
from azure.mgmt.media.models import (
    AacAudio,
    AccountFilter,
    Asset,
    AssetFilter,
    BuiltInStandardEncoderPreset,
    FilterTrackPropertyCondition,
    FilterTrackSelection,
    FirstQuality,
    H264Layer,
    H264Video,
    Job,
    JobInputAsset,
    JobInputHttp,
    JobOutputAsset,
    ListContainerSasInput,
    MediaServiceUpdate,
    Mp4Format,
    StandardEncoderPreset,
    StreamingLocator,
    StreamingPolicy,
    NoEncryption,
    EnabledProtocols,
    Transform,
    TransformOutput,
    VideoAnalyzerPreset,
)
from azure.storage.blob import ContainerClient

HTTPS = credentials["endpoints"]["https"]
GROUP = credentials["resourceGroup"]
ACCOUNT = credentials["accountName"]
# A run leaves nothing that another run could meet.
RUN = uuid.uuid4().hex[:8]
# Longer than the longest job of this flow on a busy machine; a job that hangs is a failure, not a wait.
JOB_DEADLINE_S = 300
FINAL_STATES = {"Finished", "Error", "Canceled"}


def step(sentence):
    print(f"- {sentence}", flush=True)


def equal(found, expected, what):
    if found != expected:
        sys.exit(f"FAILED: {what}: {found!r} is not {expected!r}")


def raises(error, status, code, call):
    """Requires exactly this exception type, HTTP status and service code."""
    try:
        result = call()
        if hasattr(result, "__next__"):
            next(result)
    except HttpResponseError as found:
        equal(type(found), error, "the exception's type")
        if status is not None:
            equal(found.status_code, status, "the status")
            equal(found.error.code, code, "the code")
        return found
    sys.exit(f"FAILED: nothing was raised where {error.__name__} {code} was expected")


def sign_in(secret):
    return ClientSecretCredential(
        tenant_id=credentials["tenantId"],
        client_id=credentials["clientId"],
        client_secret=secret,
        authority=HTTPS,
        disable_instance_discovery=True,
    )


def connect(credential):
    return AzureMediaServices(credential, credentials["subscriptionId"], base_url=HTTPS, polling_interval=1)


client = connect(sign_in(credentials["clientSecret"]))


def account():
    step("the account")
    found = client.mediaservices.get(GROUP, ACCOUNT)
    equal(found.name, ACCOUNT, "the account's name")
    equal(found.storage_accounts[0].type, "Primary", "its storage account")
    equal([item.name for item in client.mediaservices.list(GROUP)], [ACCOUNT], "the accounts of the group")
    equal([item.name for item in client.mediaservices.list_by_subscription()], [ACCOUNT], "the accounts")
    client.mediaservices.begin_update(GROUP, ACCOUNT, MediaServiceUpdate(tags={"run": RUN})).result()
    equal(client.mediaservices.get(GROUP, ACCOUNT).tags, {"run": RUN}, "the tags")


def make_assets():
    step("assets")
    source = client.assets.create_or_update(
        GROUP, ACCOUNT, f"in-{RUN}", Asset(alternate_id=f"film-{RUN}", description="The source")
    )
    equal(source.container, f"asset-{source.asset_id}", "the default container")
    client.assets.create_or_update(GROUP, ACCOUNT, f"out-{RUN}", Asset())
    updated = client.assets.update(GROUP, ACCOUNT, f"in-{RUN}", Asset(description="A film"))
    equal((updated.description, updated.alternate_id), ("A film", f"film-{RUN}"), "the updated asset")


def upload():
    step("upload by container SAS")
    expiry = datetime.now(timezone.utc) + timedelta(hours=4)
    sas = client.assets.list_container_sas(
        GROUP, ACCOUNT, f"in-{RUN}", ListContainerSasInput(permissions="ReadWrite", expiry_time=expiry)
    )
    equal(len(sas.asset_container_sas_urls), 2, "the number of container URLs")
    container = ContainerClient.from_container_url(sas.asset_container_sas_urls[0])
    with open(media_file, "rb") as data:
        # Blocks of 256 KiB, so that a small file is sent as a large one is.
        container._config.max_single_put_size = 256 * 1024
        container._config.max_block_size = 256 * 1024
        container.upload_blob("source.mp4", data)
    equal([blob.name for blob in container.list_blobs()], ["source.mp4"], "the uploaded blobs")
    equal(container.get_blob_client("source.mp4").get_blob_properties().size, os.path.getsize(media_file), "its size")

    read = client.assets.list_container_sas(
        GROUP, ACCOUNT, f"in-{RUN}", ListContainerSasInput(permissions="Read", expiry_time=expiry)
    ).asset_container_sas_urls[1]
    reader = ContainerClient.from_container_url(read)
    equal(len(list(reader.list_blobs())), 1, "what the second key reads")
    try:
        reader.upload_blob("x", b"x")
        sys.exit("FAILED: a read-only URL wrote")
    except HttpResponseError as refused:
        equal(refused.status_code, 403, "writing by a read-only URL")


def make_transforms():
    step("transforms")
    ladder = client.transforms.create_or_update(
        GROUP,
        ACCOUNT,
        f"ladder-{RUN}",
        Transform(
            outputs=[TransformOutput(preset=BuiltInStandardEncoderPreset(preset_name="AdaptiveStreaming"))]
        ),
    )
    equal(ladder.outputs[0].on_error, "StopProcessingJob", "the default of onError")
    small = Transform(
        description="Two small renditions",
        outputs=[
            TransformOutput(
                on_error="StopProcessingJob",
                relative_priority="Normal",
                preset=StandardEncoderPreset(
                    codecs=[
                        AacAudio(channels=2, sampling_rate=48000, bitrate=96000, profile="AacLc"),
                        H264Video(
                            key_frame_interval=timedelta(seconds=2),
                            complexity="Speed",
                            layers=[
                                H264Layer(bitrate=600000, width="640", height="360", label="SD-600"),
                                H264Layer(bitrate=250000, width="320", height="180", label="SD-250"),
                            ],
                        ),
                    ],
                    formats=[Mp4Format(filename_pattern="Video-{Basename}-{Label}-{Bitrate}{Extension}")],
                ),
            )
        ],
    )
    client.transforms.create_or_update(GROUP, ACCOUNT, f"small-{RUN}", small)
    again = client.transforms.get(GROUP, ACCOUNT, f"small-{RUN}")
    layer = again.outputs[0].preset.codecs[1].layers[0]
    equal((type(layer), layer.bitrate, layer.label), (H264Layer, 600000, "SD-600"), "the layer read back")
    equal(again.outputs[0].preset.codecs[1].key_frame_interval, timedelta(seconds=2), "the interval read back")


def make_job(name, transform, asset="in", output="out"):
    return client.jobs.create(
        GROUP,
        ACCOUNT,
        f"{transform}-{RUN}",
        name,
        Job(
            input=JobInputAsset(asset_name=f"{asset}-{RUN}", files=["source.mp4"]),
            outputs=[JobOutputAsset(asset_name=f"{output}-{RUN}")],
            correlation_data={"run": RUN},
        ),
    )


def wait_for(transform, name):
    """Polls as the samples do; progress may not go back."""
    deadline = time.monotonic() + JOB_DEADLINE_S
    progress = 0
    while True:
        job = client.jobs.get(GROUP, ACCOUNT, f"{transform}-{RUN}", name)
        if job.outputs[0].progress < progress:
            sys.exit(f"FAILED: progress went back from {progress} to {job.outputs[0].progress}")
        progress = job.outputs[0].progress
        if job.state in FINAL_STATES:
            return job
        if time.monotonic() > deadline:
            sys.exit(f"FAILED: job {name} is {job.state} at {progress} % after {JOB_DEADLINE_S} s")
        time.sleep(0.5)


def encode():
    step("a job until it is finished")
    made = make_job("encode", "small")
    equal((made.state in {"Queued", "Scheduled", "Processing"}, made.priority), (True, "Normal"), "the new job")
    job = wait_for("small", "encode")
    equal((job.state, job.outputs[0].error), ("Finished", None), "the job's end")
    equal((job.outputs[0].progress, job.correlation_data), (100, {"run": RUN}), "the job's facts")
    equal(job.end_time >= job.start_time, True, "the job's times")
    patched = client.jobs.update(GROUP, ACCOUNT, f"small-{RUN}", "encode", Job(description="done", outputs=job.outputs, input=job.input))
    equal(patched.description, "done", "the job's description")


def publish():
    step("a locator with its own GUID, and its paths")
    identity = str(uuid.uuid4())
    locator = client.streaming_locators.create(
        GROUP,
        ACCOUNT,
        f"locator-{RUN}",
        StreamingLocator(
            asset_name=f"out-{RUN}",
            streaming_policy_name="Predefined_DownloadAndClearStreaming",
            streaming_locator_id=identity,
        ),
    )
    equal(locator.streaming_locator_id, identity, "the locator's id")
    listed = client.assets.list_streaming_locators(GROUP, ACCOUNT, f"out-{RUN}").streaming_locators
    equal([(item.name, item.streaming_locator_id) for item in listed], [(f"locator-{RUN}", identity)], "its locators")

    endpoint = client.streaming_endpoints.get(GROUP, ACCOUNT, "default")
    client.streaming_endpoints.begin_start(GROUP, ACCOUNT, "default").result()
    equal(client.streaming_endpoints.get(GROUP, ACCOUNT, "default").resource_state, "Running", "the endpoint")
    paths = client.streaming_locators.list_paths(GROUP, ACCOUNT, f"locator-{RUN}")
    protocols = {path.streaming_protocol: path for path in paths.streaming_paths}
    equal(set(protocols), {"Hls", "Dash", "SmoothStreaming"}, "the protocols")
    for protocol, begin in [("Hls", "#EXTM3U"), ("Dash", "<?xml"), ("SmoothStreaming", "<?xml")]:
        for path in protocols[protocol].paths:
            equal(path.startswith(f"/{identity}/"), True, f"the path {path}")
            answer = requests.get(f"https://{endpoint.host_name}{path}", timeout=30)
            equal((answer.status_code, answer.text[: len(begin)]), (200, begin), f"the manifest {path}")
    equal(any(path.endswith(".mp4") for path in paths.download_paths), True, "a download path")
    equal(client.streaming_locators.list_content_keys(GROUP, ACCOUNT, f"locator-{RUN}").content_keys, [], "the keys")
    tracks = list(client.tracks.list(GROUP, ACCOUNT, f"out-{RUN}"))
    equal(len(tracks) >= 3, True, "two video tracks and a sound track")

    client.streaming_endpoints.begin_stop(GROUP, ACCOUNT, "default").result()
    stopped = requests.get(f"https://{endpoint.host_name}{protocols['Hls'].paths[0]}", timeout=30)
    equal(stopped.status_code >= 400, True, "a stopped endpoint refuses")
    client.streaming_endpoints.begin_start(GROUP, ACCOUNT, "default").result()


def filters():
    step("filters and policies")
    audio = FilterTrackSelection(
        track_selections=[FilterTrackPropertyCondition(property="Type", operation="Equal", value="Audio")]
    )
    body = dict(first_quality=FirstQuality(bitrate=300000), tracks=[audio])
    client.account_filters.create_or_update(GROUP, ACCOUNT, f"f-{RUN}", AccountFilter(**body))
    client.asset_filters.create_or_update(GROUP, ACCOUNT, f"out-{RUN}", f"f-{RUN}", AssetFilter(**body))
    found = client.asset_filters.get(GROUP, ACCOUNT, f"out-{RUN}", f"f-{RUN}")
    equal(found.tracks[0].track_selections[0].value, "Audio", "the asset filter")
    equal(f"f-{RUN}" in [item.name for item in client.account_filters.list(GROUP, ACCOUNT)], True, "the filters")
    client.asset_filters.delete(GROUP, ACCOUNT, f"out-{RUN}", f"f-{RUN}")
    client.account_filters.delete(GROUP, ACCOUNT, f"f-{RUN}")

    protocols = EnabledProtocols(download=False, dash=False, hls=True, smooth_streaming=False)
    policy = StreamingPolicy(no_encryption=NoEncryption(enabled_protocols=protocols))
    client.streaming_policies.create(GROUP, ACCOUNT, f"hls-{RUN}", policy)
    equal(client.streaming_policies.get(GROUP, ACCOUNT, f"hls-{RUN}").no_encryption.enabled_protocols.hls, True, "hls")
    client.streaming_policies.delete(GROUP, ACCOUNT, f"hls-{RUN}")


def lists():
    step("lists with filter, order, top and paging")
    # One more than a page of the server, so that there is a second.
    names = [f"many-{RUN}-{index:03}" for index in range(101)]
    for name in names:
        client.assets.create_or_update(GROUP, ACCOUNT, name, Asset(alternate_id=f"many-{RUN}"))
    mine = f"properties/alternateId eq 'many-{RUN}'"
    equal([item.name for item in client.assets.list(GROUP, ACCOUNT, filter=mine)], names, "the filtered assets")
    pages = [len(list(page)) for page in client.assets.list(GROUP, ACCOUNT, filter=mine).by_page()]
    equal((len(pages) > 1, sum(pages)), (True, len(names)), "the pages")
    newest = client.assets.list(GROUP, ACCOUNT, filter=mine, orderby="properties/created desc", top=3)
    equal([item.name for item in newest], names[:-4:-1], "the newest three")
    last = client.assets.list(GROUP, ACCOUNT, filter=f"name gt '{names[-2]}' and name le '{names[-1]}'")
    equal([item.name for item in last], names[-1:], "a range of names")
    finished = client.jobs.list(
        GROUP, ACCOUNT, f"small-{RUN}", filter="properties/state eq Microsoft.Media.JobState'Finished'"
    )
    equal([item.name for item in finished], ["encode"], "the finished jobs")
    for name in names:
        client.assets.delete(GROUP, ACCOUNT, name)
    equal(list(client.assets.list(GROUP, ACCOUNT, filter=mine)), [], "the deleted assets")


def cancel():
    step("a job that is cancelled")
    client.assets.create_or_update(GROUP, ACCOUNT, f"unwanted-{RUN}", Asset())
    make_job("unwanted", "ladder", output="unwanted")
    client.jobs.cancel_job(GROUP, ACCOUNT, f"ladder-{RUN}", "unwanted")
    equal(wait_for("ladder", "unwanted").state, "Canceled", "the cancelled job")
    # Asking again changes nothing; a job that ended by itself is too late to cancel.
    client.jobs.cancel_job(GROUP, ACCOUNT, f"ladder-{RUN}", "unwanted")
    raises(
        ResourceExistsError, 409, "Conflict", lambda: client.jobs.cancel_job(GROUP, ACCOUNT, f"small-{RUN}", "encode")
    )


def bad_job():
    step("a job that fails and says why")
    url = client.assets.list_container_sas(
        GROUP,
        ACCOUNT,
        f"in-{RUN}",
        ListContainerSasInput(permissions="ReadWrite", expiry_time=datetime.now(timezone.utc) + timedelta(hours=1)),
    ).asset_container_sas_urls[0]
    ContainerClient.from_container_url(url).upload_blob("not-a-video.mp4", b"this is no video" * 100)
    client.jobs.create(
        GROUP,
        ACCOUNT,
        f"small-{RUN}",
        "bad",
        Job(
            input=JobInputAsset(asset_name=f"in-{RUN}", files=["not-a-video.mp4"]),
            outputs=[JobOutputAsset(asset_name=f"unwanted-{RUN}")],
        ),
    )
    job = wait_for("small", "bad")
    equal((job.state, job.outputs[0].error.category), ("Error", "Content"), "the failed job")
    equal("not-a-video.mp4" in job.outputs[0].error.message, True, f"the reason '{job.outputs[0].error.message}'")


def errors():
    step("errors, each with its exception")
    missing = f"missing-{RUN}"
    raises(ResourceNotFoundError, 404, "ResourceNotFound", lambda: client.assets.get(GROUP, ACCOUNT, missing))
    raises(ResourceNotFoundError, 404, "ResourceNotFound", lambda: client.jobs.list(GROUP, ACCOUNT, missing))
    raises(ResourceExistsError, 409, "Conflict", lambda: make_job("encode", "small"))
    analyzer = Transform(outputs=[TransformOutput(preset=VideoAnalyzerPreset())])
    refused = raises(
        HttpResponseError,
        400,
        "InvalidProperty",
        lambda: client.transforms.create_or_update(GROUP, ACCOUNT, missing, analyzer),
    )
    equal(refused.error.target, "properties.outputs[0].preset.@odata.type", "the error's target")
    raises(
        HttpResponseError,
        400,
        "InvalidResourceName",
        lambda: client.assets.create_or_update(GROUP, ACCOUNT, "a.b", Asset()),
    )
    raises(
        HttpResponseError,
        400,
        "InvalidQueryParameterValue",
        lambda: client.assets.list(GROUP, ACCOUNT, filter="colour eq 'red'"),
    )
    raises(HttpResponseError, 403, "AuthorizationFailed", lambda: client.assets.get(GROUP, "elsewhere", "a"))
    raises(HttpResponseError, 501, "NotSupported", lambda: client.content_key_policies.list(GROUP, ACCOUNT))
    raises(ClientAuthenticationError, None, None, lambda: connect(sign_in("wrong")).assets.get(GROUP, ACCOUNT, "a"))

    class Forged:
        def get_token(self, *_scopes, **_options):
            from azure.core.credentials import AccessToken

            return AccessToken("eyJhbGciOiJub25lIn0.e30.", int(time.time()) + 3600)

    raises(
        ClientAuthenticationError,
        401,
        "AuthenticationFailed",
        lambda: connect(Forged()).assets.get(GROUP, ACCOUNT, "a"),
    )


def web_input_is_not_told():
    step("the query string of a web input stays secret")
    client.jobs.create(
        GROUP,
        ACCOUNT,
        f"ladder-{RUN}",
        "web",
        Job(
            input=JobInputHttp(base_uri="https://127.0.0.1:9/", files=["film.mp4?sig=s3cret"]),
            outputs=[JobOutputAsset(asset_name=f"unwanted-{RUN}")],
        ),
    )
    job = wait_for("ladder", "web")
    equal((job.input.files, job.state), (["film.mp4"], "Error"), "the job with a private address")
    equal("s3cret" in job.outputs[0].error.message, False, "the secret in the reason")


def delete():
    step("delete")
    client.streaming_locators.delete(GROUP, ACCOUNT, f"locator-{RUN}")
    raises(
        ResourceNotFoundError,
        404,
        "ResourceNotFound",
        lambda: client.streaming_locators.get(GROUP, ACCOUNT, f"locator-{RUN}"),
    )
    client.jobs.delete(GROUP, ACCOUNT, f"small-{RUN}", "encode")
    for transform in ["small", "ladder"]:
        client.transforms.delete(GROUP, ACCOUNT, f"{transform}-{RUN}")
    for asset in ["in", "out", "unwanted"]:
        client.assets.delete(GROUP, ACCOUNT, f"{asset}-{RUN}")
        # What is gone may be deleted again.
        client.assets.delete(GROUP, ACCOUNT, f"{asset}-{RUN}")
    left = [item.name for item in client.assets.list(GROUP, ACCOUNT) if RUN in item.name]
    equal(left, [], "the assets that are left")


for part in [
    account,
    make_assets,
    upload,
    make_transforms,
    encode,
    publish,
    filters,
    lists,
    cancel,
    bad_job,
    errors,
    web_input_is_not_told,
    delete,
]:
    part()
print("ok: the whole flow, by azure-mgmt-media, azure-identity and azure-storage-blob")
