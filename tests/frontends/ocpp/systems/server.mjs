// SPDX-License-Identifier: GPL-3.0-or-later
// A central system of ocpp-rpc in strict mode: every message of both sides is checked by the schemas.
// It prints a line of JSON for each call that comes, and for each answer to a call that it reads.
// usage: node server.mjs FOLDER_OF_PACKAGE SUBPROTOCOL
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const { RPCServer } = createRequire(process.argv[2] + "/")("ocpp-rpc");
const write = (line) => process.stdout.write(JSON.stringify(line) + "\n");
const now = () => new Date().toISOString();
let transactions = 0;
const answers = {
  BootNotification: () => ({ status: "Accepted", interval: 300, currentTime: now() }),
  Heartbeat: () => ({ currentTime: now() }),
  StartTransaction: () => ({ transactionId: ++transactions, idTagInfo: { status: "Accepted" } }),
  StopTransaction: () => ({ idTagInfo: { status: "Accepted" } }),
};

const server = new RPCServer({ protocols: [process.argv[3]], strictMode: true });
server.auth((accept, reject, handshake) => {
  write({ identity: handshake.identity, password: handshake.password?.toString() ?? null });
  accept({});
});
let peer = null;
server.on("client", (client) => {
  peer = client;
  client.on("strictValidationFailure", ({ error }) => write({ invalid: String(error) }));
  client.handle(({ method, params }) => {
    write({ call: method, params });
    return answers[method] ? answers[method](params) : {};
  });
});
createInterface({ input: process.stdin }).on("line", async (line) => {
  const { action, payload } = JSON.parse(line);
  try {
    write({ answer: await peer.call(action, payload) });
  } catch (error) {
    write({ answer: { error: error.rpcErrorCode ?? String(error) } });
  }
});
const http = await server.listen(0, "127.0.0.1");
write({ port: http.address().port });
