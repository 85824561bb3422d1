import test from "node:test";

import { checkCases } from "#signalbox/testing";
import * as personalizer from "../template/personalizer.js";
import * as segment from "../template/segment.js";
import * as trigger from "../template/trigger.js";

for (const [kind, rule] of Object.entries({ personalizer, segment, trigger })) {
  test(`the cases of a new ${kind} come out as they say`, () => checkCases(rule));
}
