// The whole flow of a media service through the official npm packages, unmodified.
//
//     NODE_EXTRA_CA_CERTS=<caFile> node flow.mjs CREDENTIALS_JSON MEDIA_FILE
//
// Against the documented samples only addresses change. Node reads NODE_EXTRA_CA_CERTS when it starts, so it is the
// caller's to set, to the caFile of credentials.json. Ends with status 0 only if every step did what it must.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";

import { AzureMediaServices, KnownJobState } from "@azure/arm-mediaservices";
import { AuthenticationRequiredError, ClientSecretCredential } from "@azure/identity";
import { ContainerClient } from "@azure/storage-blob";

const credentials = JSON.parse(await readFile(process.argv[2], "utf8"));
const mediaFile = process.argv[3];
const { https } = credentials.endpoints;
const group = credentials.resourceGroup;
const account = credentials.accountName;
// A run leaves nothing that another run could meet.
const run = randomUUID().slice(0, 8);
// Longer than the longest job of this flow on a busy machine; a job that hangs is a failure, not a wait.
const JOB_DEADLINE_MS = 300_000;
const POLL_MS = 500;
const FINAL_STATES = [KnownJobState.Finished, KnownJobState.Error, KnownJobState.Canceled];

const step = (sentence) => console.log(`- ${sentence}`);

function signIn(secret) {
  return new ClientSecretCredential(credentials.tenantId, credentials.clientId, secret, {
    authorityHost: https,
    disableInstanceDiscovery: true,
  });
}

// The client takes the host of its requests from $host and the scope of its tokens from endpoint.
function connect(credential) {
  return new AzureMediaServices(credential, credentials.subscriptionId, { endpoint: https, $host: https });
}

async function all(iterator) {
  const items = [];
  for await (const item of iterator) items.push(item);
  return items;
}

/** Requires exactly this error, status and service code. */
async function rejects(statusCode, code, call) {
  await assert.rejects(call, (error) => {
    assert.equal(error.name, "RestError", error.stack);
    assert.equal(error.statusCode, statusCode, error.message);
    assert.equal(error.code, code, error.message);
    return true;
  });
}

const client = connect(signIn(credentials.clientSecret));
const poll = { updateIntervalInMs: 100 };

async function readAccount() {
  step("the account");
  const found = await client.mediaservices.get(group, account);
  assert.equal(found.name, account);
  assert.deepEqual((await all(client.mediaservices.list(group))).map((item) => item.name), [account]);
  await client.mediaservices.beginUpdateAndWait(group, account, { tags: { run } }, poll);
  assert.deepEqual((await client.mediaservices.get(group, account)).tags, { run });
}

async function upload() {
  step("assets, and an upload by container SAS");
  const source = await client.assets.createOrUpdate(group, account, `in-${run}`, { alternateId: `film-${run}` });
  assert.equal(source.container, `asset-${source.assetId}`);
  await client.assets.createOrUpdate(group, account, `out-${run}`, {});
  const expiryTime = new Date(Date.now() + 4 * 3600_000);
  const sas = await client.assets.listContainerSas(group, account, `in-${run}`, {
    permissions: "ReadWriteDelete",
    expiryTime,
  });
  const container = new ContainerClient(sas.assetContainerSasUrls[0]);
  const blob = container.getBlockBlobClient("source.mp4");
  // Small blocks, so that a small file is sent as a large one is.
  await blob.uploadFile(mediaFile, { blockSize: 256 * 1024, maxSingleShotSize: 256 * 1024, concurrency: 4 });
  assert.equal((await blob.getProperties()).contentLength, (await stat(mediaFile)).size);
  assert.deepEqual((await all(container.listBlobsFlat())).map((item) => item.name), ["source.mp4"]);
}

async function makeTransforms() {
  step("transforms");
  await client.transforms.createOrUpdate(group, account, `ladder-${run}`, {
    outputs: [
      { preset: { odataType: "#Microsoft.Media.BuiltInStandardEncoderPreset", presetName: "AdaptiveStreaming" } },
    ],
  });
  await client.transforms.createOrUpdate(group, account, `small-${run}`, {
    outputs: [
      {
        preset: {
          odataType: "#Microsoft.Media.StandardEncoderPreset",
          codecs: [
            { odataType: "#Microsoft.Media.AacAudio", channels: 2, samplingRate: 48000, bitrate: 96000, profile: "AacLc" },
            {
              odataType: "#Microsoft.Media.H264Video",
              keyFrameInterval: "PT2S",
              complexity: "Speed",
              layers: [
                { bitrate: 600000, width: "640", height: "360", label: "SD-600" },
                { bitrate: 250000, width: "320", height: "180", label: "SD-250" },
              ],
            },
          ],
          formats: [
            { odataType: "#Microsoft.Media.Mp4Format", filenamePattern: "Video-{Basename}-{Label}-{Bitrate}{Extension}" },
          ],
        },
      },
    ],
  });
  const found = await client.transforms.get(group, account, `small-${run}`);
  assert.equal(found.outputs[0].preset.codecs[1].keyFrameInterval, "PT2S");
  assert.equal(found.outputs[0].preset.codecs[1].layers[1].bitrate, 250000);
}

function makeJob(name, transform, output) {
  return client.jobs.create(group, account, `${transform}-${run}`, name, {
    input: { odataType: "#Microsoft.Media.JobInputAsset", assetName: `in-${run}`, files: ["source.mp4"] },
    outputs: [{ odataType: "#Microsoft.Media.JobOutputAsset", assetName: `${output}-${run}` }],
  });
}

async function waitFor(transform, name) {
  const deadline = Date.now() + JOB_DEADLINE_MS;
  let progress = 0;
  for (;;) {
    const job = await client.jobs.get(group, account, `${transform}-${run}`, name);
    const now = job.outputs[0].progress;
    assert.ok(now >= progress, `progress went back from ${progress} to ${now}`);
    progress = now;
    if (FINAL_STATES.includes(job.state)) return job;
    assert.ok(Date.now() < deadline, `job ${name} is ${job.state} at ${progress} %`);
    await pause(POLL_MS);
  }
}

async function encode() {
  step("a job until it is finished");
  await makeJob("encode", "small", "out");
  const job = await waitFor("small", "encode");
  assert.equal(job.state, "Finished", JSON.stringify(job.outputs[0].error));
  assert.equal(job.outputs[0].progress, 100);
}

async function publish() {
  step("a locator with its own GUID, and its paths");
  const streamingLocatorId = randomUUID();
  await client.streamingLocators.create(group, account, `locator-${run}`, {
    assetName: `out-${run}`,
    streamingPolicyName: "Predefined_ClearStreamingOnly",
    streamingLocatorId,
  });
  await client.streamingEndpoints.beginStartAndWait(group, account, "default", poll);
  const endpoint = await client.streamingEndpoints.get(group, account, "default");
  assert.equal(endpoint.resourceState, "Running");
  const { streamingPaths, downloadPaths } = await client.streamingLocators.listPaths(group, account, `locator-${run}`);
  assert.deepEqual(downloadPaths, []);
  assert.deepEqual(new Set(streamingPaths.map((path) => path.streamingProtocol)), new Set(["Hls", "Dash", "SmoothStreaming"]));
  for (const { paths } of streamingPaths) {
    for (const path of paths) {
      assert.ok(path.startsWith(`/${streamingLocatorId}/`), path);
      const answer = await fetch(`https://${endpoint.hostName}${path}`);
      assert.equal(answer.status, 200, path);
      assert.match(await answer.text(), /^(#EXTM3U|<\?xml)/, path);
    }
  }
}

async function lists() {
  step("lists with filter, order and paging");
  // One more than a page of the server, so that there is a second.
  const names = Array.from({ length: 101 }, (_, index) => `many-${run}-${String(index).padStart(3, "0")}`);
  for (const name of names) {
    await client.assets.createOrUpdate(group, account, name, { alternateId: `many-${run}` });
  }
  const filter = `properties/alternateId eq 'many-${run}'`;
  const found = await all(client.assets.list(group, account, { filter }));
  assert.deepEqual(found.map((item) => item.name), names);
  const pages = await all(client.assets.list(group, account, { filter }).byPage());
  assert.ok(pages.length > 1);
  const newest = await all(client.assets.list(group, account, { filter, orderby: "properties/created desc", top: 3 }));
  assert.deepEqual(newest.map((item) => item.name), names.slice(-3).reverse());
  const finished = await all(
    client.jobs.list(group, account, `small-${run}`, {
      filter: "properties/state eq Microsoft.Media.JobState'Finished'",
    }),
  );
  assert.deepEqual(finished.map((item) => item.name), ["encode"]);
  for (const name of names) await client.assets.delete(group, account, name);
}

async function cancel() {
  step("a job that is cancelled");
  await client.assets.createOrUpdate(group, account, `unwanted-${run}`, {});
  await makeJob("unwanted", "ladder", "unwanted");
  await client.jobs.cancelJob(group, account, `ladder-${run}`, "unwanted");
  assert.equal((await waitFor("ladder", "unwanted")).state, "Canceled");
}

async function errors() {
  step("errors, each with its code");
  const missing = `missing-${run}`;
  await rejects(404, "ResourceNotFound", () => client.assets.get(group, account, missing));
  await rejects(409, "Conflict", () => makeJob("encode", "small", "out"));
  await rejects(400, "InvalidProperty", () =>
    client.transforms.createOrUpdate(group, account, missing, {
      outputs: [{ preset: { odataType: "#Microsoft.Media.VideoAnalyzerPreset" } }],
    }),
  );
  await rejects(400, "InvalidQueryParameterValue", () => all(client.assets.list(group, account, { filter: "a eq 1" })));
  await rejects(403, "AuthorizationFailed", () => client.assets.get(group, "elsewhere", "a"));
  await rejects(501, "NotSupported", () => all(client.liveEvents.list(group, account)));
  await assert.rejects(connect(signIn("wrong")).assets.get(group, account, "a"), (error) => {
    assert.ok(error instanceof AuthenticationRequiredError, error.stack);
    assert.match(error.message, /AADSTS7000215/);
    return true;
  });
  const forged = { getToken: async () => ({ token: "a.b.c", expiresOnTimestamp: Date.now() + 3600_000 }) };
  await rejects(401, "AuthenticationFailed", () => connect(forged).assets.get(group, account, "a"));
}

async function remove() {
  step("delete");
  await client.streamingLocators.delete(group, account, `locator-${run}`);
  for (const transform of ["small", "ladder"]) await client.transforms.delete(group, account, `${transform}-${run}`);
  for (const asset of ["in", "out", "unwanted"]) {
    await client.assets.delete(group, account, `${asset}-${run}`);
    // What is gone may be deleted again.
    await client.assets.delete(group, account, `${asset}-${run}`);
  }
  await rejects(404, "ResourceNotFound", () => client.assets.get(group, account, `in-${run}`));
}

for (const part of [readAccount, upload, makeTransforms, encode, publish, lists, cancel, errors, remove]) await part();
console.log("ok: the whole flow, by @azure/arm-mediaservices, @azure/identity and @azure/storage-blob");
