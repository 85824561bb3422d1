// Runs the rule as it is, without building it: node --test
import test from "node:test";

import { checkCases } from "#signalbox/testing";
import * as rule from "./rule.js";

test("the cases come out as they say", () => checkCases(rule));
