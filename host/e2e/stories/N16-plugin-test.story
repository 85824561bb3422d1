N16: Before it ships a rule is tried with its cases, with what may be missing, alone and in company, under the server's own limits; what is wrong is told, and the exit code says so.

--- file own-cases.json
{ "segment": [
  { "name": "from Berlin", "config": { "attribute": { "name": "city", "operator": "eq", "value": "Berlin" } }, "given": { "city": "Berlin" }, "expect": { "member": true } },
  { "name": "nothing known", "config": { "attribute": { "name": "city", "operator": "eq", "value": "Berlin" } }, "expect": { "member": false, "reason": "missing_value" } },
  { "name": "wrongly expected", "config": { "attribute": { "name": "city", "operator": "ne", "value": "Berlin" } }, "expect": { "member": true } }
] }

--- story
at 2026-03-02 09:00
# One of ours holds.
run plugin test {engagement-score.wasm}
    engagement_score 1.0.0: Engagement score
      Contacts whose points for opens, clicks, purchases and the like, fading with time, are in a range.
      .. bytes, digest ..
      imports nothing; compiled in .. ms
    segment
      reasons: inside, above, low, nothing
      reads in its cases: the 50 most recent of message_opened; the 50 most recent of message_clicked; the 50 most recent of checkout_started; the 50 most recent of order_completed; the time; the 100 most recent of message_replied; the 100 most recent of message_opened where class = "news"; the 100 most recent of complaint_received
      ok   an order a month ago and a click just now (.. fuel of 10000000, .. us)
      ok   has faded to 6 points (.. fuel of 10000000, .. us)
      ok   did nothing that counts (.. fuel of 10000000, .. us)
      ok   above the range until it has faded (.. fuel of 10000000, .. us)
      ok   and in it from then on (.. fuel of 10000000, .. us)
      ok   a reply counts (.. fuel of 10000000, .. us)
      ok   a complaint takes it all away (.. fuel of 10000000, .. us)
    all 7 cases come out as they say
# One that would read a clock by itself, one that keeps state from row to row, one that breaks where a value is missing,
# and one whose case is not so.
run plugin test {clock-import.wasm}
    error: the server would refuse clock-import.wasm (plugin_imports): the component imports wasi:clocks/monotonic-clock@0.2.0#now: a plugin may import nothing that can be called (`signalbox plugin seal` puts stubs in the place of WASI)
    exit status: 1
run plugin test {state-between-rows.wasm}
    state_between_rows 1.0.0: Hostile
      Answers by the order of the contacts.
      .. bytes, digest ..
      imports nothing; compiled in .. ms
    segment
      reasons: in, out
      reads in its cases: attribute attack
      ok   nothing known (.. fuel of 10000000, .. us)
      ok   no attack (.. fuel of 10000000, .. us)
    FAIL the segment keeps state: case "no attack" answers otherwise when asked together with the others
    all 2 cases come out as they say, and 1 other check failed
    error: state-between-rows.wasm does not keep to what every rule must
    exit status: 1
run plugin test {missing-value.wasm}
    missing_value 1.0.0: Hostile
      Breaks on a missing value.
      .. bytes, digest ..
      imports nothing; compiled in .. ms
    segment
      reasons: in, out
      reads in its cases: attribute attack; attribute city
      ok   from Berlin (.. fuel of 10000000, .. us)
      ok   from Paris (.. fuel of 10000000, .. us)
    FAIL case "from Berlin" of the segment: without "city" it failed (trapped): wasm trap: wasm `unreachable` instruction executed
    all 2 cases come out as they say, and 1 other check failed
    error: missing-value.wasm does not keep to what every rule must
    exit status: 1
run plugin test {lying-case.wasm}
    lying_case 1.0.0: Hostile
      Says of itself what is not so.
      .. bytes, digest ..
      imports nothing; compiled in .. ms
    segment
      reasons: in, out
      reads in its cases: attribute attack
      FAIL everybody is in (.. fuel of 10000000, .. us)
           case "everybody is in" of the segment: /member is false, expected true
           answered {"member":false,"reason":"out","recheck_at":null}
    0 of 1 cases come out as they say (0.0 %)
    error: lying-case.wasm does not answer as expected: 100 % of the cases should come out as they say
    exit status: 1
# The limits are the server's: with less fuel the same rule is refused.
run plugin test {engagement-score.wasm} --set limits.rules.fuel_per_row=1000 --set limits.rules.fuel_per_call=1000
    engagement_score 1.0.0: Engagement score
      Contacts whose points for opens, clicks, purchases and the like, fading with time, are in a range.
      .. bytes, digest ..
      imports nothing; compiled in .. ms
    segment
      reasons: inside, above, low, nothing
      reads in its cases: the 50 most recent of message_opened; the 50 most recent of message_clicked; the 50 most recent of checkout_started; the 50 most recent of order_completed; the time; the 100 most recent of message_replied; the 100 most recent of message_opened where class = "news"; the 100 most recent of complaint_received
      FAIL an order a month ago and a click just now (.. fuel of 1000, .. us)
           case "an order a month ago and a click just now" of the segment: it failed (out_of_fuel): used up its 19000 units of fuel
      FAIL has faded to 6 points (.. fuel of 1000, .. us)
           case "has faded to 6 points" of the segment: it failed (out_of_fuel): used up its 19000 units of fuel
      FAIL did nothing that counts (.. fuel of 1000, .. us)
           case "did nothing that counts" of the segment: it failed (out_of_fuel): used up its 19000 units of fuel
      FAIL above the range until it has faded (.. fuel of 1000, .. us)
           case "above the range until it has faded" of the segment: it failed (out_of_fuel): used up its 19000 units of fuel
      FAIL and in it from then on (.. fuel of 1000, .. us)
           case "and in it from then on" of the segment: it failed (out_of_fuel): used up its 19000 units of fuel
      FAIL a reply counts (.. fuel of 1000, .. us)
           case "a reply counts" of the segment: it failed (out_of_fuel): used up its 16000 units of fuel
      FAIL a complaint takes it all away (.. fuel of 1000, .. us)
           case "a complaint takes it all away" of the segment: it failed (out_of_fuel): used up its 16000 units of fuel
    0 of 7 cases come out as they say (0.0 %)
    error: engagement-score.wasm does not answer as expected: 100 % of the cases should come out as they say
    exit status: 1
# Cases of one's own need no source.
run plugin test {audience.wasm} --cases {own-cases.json}
    audience 1.0.0: Audience
      Contacts who meet conditions on their attributes and on what they did: how often, how much, how long ago.
      .. bytes, digest ..
      imports nothing; compiled in .. ms
    segment
      reasons: member, not_member, missing_value, condition_1, condition_2, condition_3, condition_4, condition_5, condition_6, condition_7, condition_8
      reads in its cases: attribute city
      ok   from Berlin (.. fuel of 10000000, .. us)
      ok   nothing known (.. fuel of 10000000, .. us)
      FAIL wrongly expected (.. fuel of 10000000, .. us)
           case "wrongly expected" of the segment: /member is false, expected true
           answered {"member":false,"reason":"missing_value","recheck_at":null}
    2 of 3 cases come out as they say (66.7 %)
    error: audience.wasm does not answer as expected: 100 % of the cases should come out as they say
    exit status: 1
run plugin test {audience.wasm} --cases {own-cases.json} --accuracy-min 60
    audience 1.0.0: Audience
      Contacts who meet conditions on their attributes and on what they did: how often, how much, how long ago.
      .. bytes, digest ..
      imports nothing; compiled in .. ms
    segment
      reasons: member, not_member, missing_value, condition_1, condition_2, condition_3, condition_4, condition_5, condition_6, condition_7, condition_8
      reads in its cases: attribute city
      ok   from Berlin (.. fuel of 10000000, .. us)
      ok   nothing known (.. fuel of 10000000, .. us)
      FAIL wrongly expected (.. fuel of 10000000, .. us)
           case "wrongly expected" of the segment: /member is false, expected true
           answered {"member":false,"reason":"missing_value","recheck_at":null}
    2 of 3 cases come out as they say (66.7 %)
