import { strictEqual } from "node:assert/strict";
import test from "node:test";

import { checkCases } from "../../plugin-sdk/javascript/src/testing.js";
import { tidied } from "./name.js";
import * as rule from "./rule.js";

test("the cases come out as they say", () => checkCases(rule));

test("a name is called as it is written unless it is in one case alone", () => {
  for (const [given, expected] of [
    ["ada", "Ada"],
    ["ADA LOVELACE", "Ada Lovelace"],
    ["van der Berg", "van der Berg"],
    ["émile", "Émile"],
    ["J. R.", "J. R."],
    ["Ada3", undefined],
    ["<b>Ada</b>", undefined],
    ["-", undefined],
  ]) {
    strictEqual(tidied(given, 40), expected, given);
  }
});
