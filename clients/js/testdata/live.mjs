// Uses the client with a live node, as clients_test.go runs it.
import assert from "node:assert/strict";
import process from "node:process";
import * as kadmium from "../kadmium.mjs";
import { check } from "./checks.mjs";

const { KAD_URL: url, KAD_TOKEN: token, KAD_SELF: self, KAD_PEER: peer, KAD_ADDRESS: address } = process.env;
await check(kadmium, assert, { url, token, self, peer, address });
console.log("ok");
