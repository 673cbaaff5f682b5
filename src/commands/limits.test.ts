import assert from "node:assert/strict";
import { test } from "node:test";
import { commandScene } from "../../test/commands/scene.ts";
import { StatusError } from "../../schemas/status.ts";
import { maxCertificates, maxMoves } from "./limits.ts";
import { handleMoveItems } from "./move-items.ts";
import { handleValidateCert } from "./validate-cert.ts";

const hasStatus = (status: number) => (error: unknown) =>
  error instanceof StatusError && error.status === status;

test("MoveItems: more moves than one request may have are Status 103", async () => {
  const { context } = await commandScene();
  const move = { SrcMsgId: "f1:1", SrcFldId: "f1", DstFldId: ["f2"] };
  const Move = Array.from({ length: maxMoves + 1 }, () => move);
  await assert.rejects(handleMoveItems({ Move }, context), hasStatus(103));
});

test("ValidateCert: more certificates than one request may have are Status 2", async () => {
  const { context } = await commandScene();
  const Certificate = Array.from({ length: maxCertificates + 1 }, () => "AAAA");
  await assert.rejects(
    handleValidateCert({ Certificates: { Certificate } }, context),
    hasStatus(2),
  );
});
