import assert from "node:assert/strict";
import test from "node:test";

import * as sdk from "../src/index.js";
import { checkCases, decide, decideAll, describe, plan } from "../src/testing.js";
import * as bigSpender from "../template/segment.js";

/** A plugin of one segment whose `decide` answers what `say` makes of the contact, as a failure to be read. */
function saying(inputs, say, rule = {}) {
  return sdk.definePlugin({
    name: "test",
    version: "1.0.0",
    title: "Test",
    summary: "Says what it sees.",
    segment: {
      reasons: { said: "Said" },
      plan: () => ({ inputs }),
      decide(config, contact) {
        throw new Error(JSON.stringify(say(contact, config)) ?? "undefined");
      },
      ...rule,
    },
  });
}

const said = (plugin, given) => decide(plugin, { config: {}, given }).failed;

test("the example's cases come out as they say", () => checkCases(bigSpender));

test("exactly the threshold is under it", () => {
  const verdict = decide(bigSpender, { config: { threshold: 100 }, given: { spent: 100 } });
  assert.deepEqual(verdict, { member: false, reason: "under" });
});

test("a plan is the contract's document", () => {
  const inputs = {
    a: sdk.attribute("country", "text"),
    b: sdk.count(sdk.events("order_completed", { where: { plan: "gold" }, within: "90d" })),
    c: sdk.lastField("page_viewed", "url", "text"),
    d: sdk.recent("order_completed", 3),
    e: sdk.table("prices", { keyInput: "a", rowsMax: 5 }),
    f: sdk.clock(),
  };
  const where = [{ field: "plan", operator: "eq", value: "gold" }];
  assert.deepEqual(plan(saying(inputs), {}), {
    format: 1,
    inputs: [
      { name: "a", source: { attribute: "country" }, type: "text" },
      { name: "b", source: { count: { event: "order_completed", where, within: "90d" } }, type: "integer" },
      { name: "c", source: { last: { of: { event: "page_viewed" }, field: "url" } }, type: "text" },
      { name: "d", source: { recent: { of: { event: "order_completed" }, count: 3 } }, type: "json" },
      { name: "e", source: { table: { table: "prices", key_input: "a", rows_max: 5 } }, type: "json" },
      { name: "f", source: "clock", type: "instant" },
    ],
    occasions: [],
  });
});

test("a plan that cannot be is refused in words", () => {
  const many = Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`i${i}`, sdk.attribute("a", "text")]));
  assert.throws(() => plan(saying(many), {}), (text) => text === "this reads 65 different values, at most 64 are allowed");
  assert.throws(() => plan(saying({ a: sdk.attribute("a") }), {}), (text) => text === 'the input "a" says no type');
});

test("values have their types, and what is missing is undefined", () => {
  const types = ["number", "integer", "text", "boolean", "instant", "json", "any"];
  const inputs = Object.fromEntries(types.map((type) => [type, sdk.attribute(type, type)]));
  const plugin = saying(inputs, (contact) => types.map((type) => [contact.value(type)]));
  const given = {
    number: 0,
    integer: 0,
    text: "",
    boolean: false,
    instant: "2026-02-03T04:05:06Z",
    json: { a: [1] },
    any: "é😀",
  };
  assert.equal(said(plugin, given), '[[0],[0],[""],[false],["2026-02-03T04:05:06.000Z"],[{"a":[1]}],["é😀"]]');
  assert.equal(said(plugin, {}), "[[null],[null],[null],[null],[null],[null],[null]]");
  const other = { number: "1", integer: 1.5, text: 1, boolean: 0, instant: "soon" };
  assert.equal(said(plugin, other), "[[null],[null],[null],[null],[null],[null],[null]]");
});

test("mistakes in reading are that contact's failure", () => {
  const inputs = { n: sdk.attribute("n", "number"), any: sdk.attribute("any", "any"), big: sdk.attribute("big", "integer") };
  const reads = (read) => said(saying(inputs, read), { n: 1, any: "text", big: 2 ** 60 });
  assert.equal(reads((contact) => contact.number("m")), 'the rule reads the input "m", which its plan does not declare');
  assert.equal(reads((contact) => contact.text("n")), 'the rule reads the input "n" as text, its plan says number');
  assert.equal(reads((contact) => contact.number("any")), "undefined");
  assert.match(reads((contact) => contact.integer("big")), /beyond the whole numbers that JavaScript holds exactly/);
  assert.match(reads((contact) => contact.random()), /reads its seed, which its plan does not declare/);
});

test("one contact's failure leaves the others' verdicts", () => {
  const decideRow = (_, contact) => (contact.number("n") > 1 ? sdk.inside("said") : undefined.nowhere);
  const plugin = saying({ n: sdk.attribute("n", "number") }, undefined, { decide: decideRow });
  const answers = decideAll(plugin, {}, [{ given: { n: 2 } }, { given: { n: 1 } }, {}]);
  assert.deepEqual(answers[0], { member: true, reason: "said" });
  assert.match(answers[1].failed, /Cannot read properties of undefined/);
  assert.match(answers[2].failed, /Cannot read properties of undefined/);
});

test("what is no verdict is a failure", () => {
  const answers = (answer) => decide(saying({}, undefined, { decide: () => answer() }), { config: {} }).failed;
  assert.equal(answers(() => undefined), "decide must return a verdict of a segment");
  assert.equal(answers(() => ({ member: true, reason: 0 })), "decide must return a verdict of a segment");
  assert.equal(answers(() => sdk.enter("said")), "decide must return a verdict of a segment");
  assert.equal(answers(() => sdk.inside("sad")), 'the reason "sad" is not declared');
  assert.equal(
    answers(() => sdk.inside("said", { recheckAt: "tomorrow" })),
    "recheckAt must be a valid Date or whole milliseconds since 1970",
  );
});

test("time and chance are the declared inputs, and nothing else", () => {
  const both = { clock: sdk.clock(), seed: sdk.seed() };
  const now = saying(both, () => [Date.now(), new Date(), new Date(0)]);
  const clock = "2026-05-01T12:00:00Z";
  assert.equal(said(now, { clock }), `[${Date.parse(clock)},"2026-05-01T12:00:00.000Z","1970-01-01T00:00:00.000Z"]`);
  const drawn = saying(both, (contact) => [Math.random(), contact.random().fraction(), Math.random() < 1, contact.random().below(7)]);
  assert.equal(said(drawn, { seed: 0 }), "[0.8833108082136426,0.8833108082136426,true,6]");
  assert.match(said(saying({}, () => Date.now())), /declare the input clock\(\)/);
  assert.match(said(saying({}, () => new Date())), /declare the input clock\(\)/);
  assert.match(said(saying({}, () => Math.random())), /declare the input seed\(\)/);
  assert.ok(Date.now() > 0 && Math.random() < 1, "the test's own are back");
});

test("a trigger enters, arms and says what it is asked on", () => {
  const trigger = sdk.definePlugin({
    name: "cart",
    version: "1.0.0",
    title: "Cart",
    summary: "An hour after a cart.",
    trigger: {
      reasons: { waits: "Waits", left: "Left" },
      plan: () => ({
        inputs: { at: sdk.occurredAt(), occasion: sdk.occasion() },
        occasions: [sdk.onEvent("cart_updated", { where: { size: 1 } }), "due"],
      }),
      decide: (_, contact) =>
        contact.isDue()
          ? sdk.enter("left", { key: "k" })
          : sdk.arm("waits", {
              at: contact.instant("at").getTime() + 3_600_000,
              key: "cart",
              cancelledBy: ["order_completed", sdk.events("cart_emptied", { where: { size: 1 } })],
            }),
    },
  });
  const where = [{ field: "size", operator: "eq", value: 1 }];
  assert.deepEqual(plan(trigger, {}).occasions, [{ event: { event: "cart_updated", where } }, "due"]);
  assert.deepEqual(decide(trigger, { config: {}, given: { at: "2026-01-01T00:00:00Z" } }), {
    arm: {
      at: "2026-01-01T01:00:00Z",
      key: "cart",
      cancelled_by: [
        { event: "order_completed", where: [] },
        { event: "cart_emptied", where },
      ],
    },
    reason: "waits",
  });
  assert.deepEqual(decide(trigger, { config: {}, occasion: 1 }), { enter: { key: "k" }, reason: "left" });
});

test("a personalizer answers values, subject, variant and instant", () => {
  const decideRow = () => sdk.personalize("said", { a: [1] }, { subject: "s", variant: "v", sendAt: new Date(0) });
  const plugin = sdk.definePlugin({
    name: "p",
    version: "1.0.0",
    title: "P",
    summary: "P.",
    personalizer: { reasons: { said: "Said" }, plan: () => ({}), decide: decideRow },
  });
  assert.deepEqual(decide(plugin, { config: {} }), {
    values: { a: [1] },
    subject: "s",
    variant: "v",
    send_at: "1970-01-01T00:00:00Z",
    reason: "said",
  });
  assert.deepEqual(describe(plugin).rules.personalizer.config_schema, { type: "object", additionalProperties: false });
});

test("a rule of no kind is refused", () => {
  assert.throws(() => sdk.definePlugin({ segments: {} }), /a plugin has no "segments"/);
});
