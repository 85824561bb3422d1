N4: Why somebody got a message, or did not, is told in sentences: entry, audience, branch, cap, window and suppression, with what each rule was given; asked again, every decision of the journey comes out as recorded.

--- workflow offers
{
  "id": "offers",
  "title": "Offers",
  "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "signed_up" } },
  "audience": { "plugin": "audience", "config": { "attribute": { "name": "country", "operator": "eq", "value": "FR" } } },
  "steps": [
    { "id": "fork", "branch": { "arms": [
      { "segment": { "plugin": "audience", "config": { "count": { "of": { "event": "order_completed", "within": "30d" }, "operator": "gte", "value": 1 } } }, "goto": "buyer" }
    ], "otherwise": "hello" } },
    { "id": "buyer", "exit": { "reason": "bought_already" } },
    { "id": "hello", "send": { "template": "hello" } },
    { "id": "tip", "send": { "template": "tip", "window": { "from": "10:00", "to": "12:00" } } },
    { "id": "rest", "wait": { "for": "1h" } },
    { "id": "coupon", "send": { "template": "coupon", "personalizer": { "plugin": "incentive", "config": {
      "score": "need", "arms": [{ "name": "strong", "from": 0.5, "coupon": "STAY10", "cost": 10 }] } } } }
  ],
  "zone": "Europe/Paris"
}

--- template offers hello
Subject: Hello

Good to have you here.

--- template offers tip
Subject: A tip

Read slowly.

--- template offers coupon
Subject: {{ rule.incentive.coupon | default: "News" }}

See you.

--- workflow vips
{
  "id": "vips",
  "title": "Those who come again",
  "goal": "none",
  "trigger": { "plugin": "threshold", "config": { "event": "order_completed", "reached": { "count": { "at_least": 2 } } } },
  "steps": [{ "id": "end", "exit": { "reason": "counted" } }]
}

--- story
at 2026-03-02 12:00
settings {"caps": [{"count": 1, "per": "day"}]}
create offers
start offers
create vips
start vips
contact ann {"email": "ann@example.com", "country": "FR", "need": 0.9}
contact bob {"email": "bob@example.com", "country": "DE"}
contact cem {"email": "cem@example.com", "country": "FR"}
contact dan {"email": "dan@example.com", "country": "FR", "need": 0.9}
event ann signed_up #a1
event bob signed_up #b1
event cem order_completed #c1
event cem signed_up #c2
event dan signed_up #d1
event dan contact_unsubscribed #d2
event eve message_opened #e1
at 2026-03-05 09:00
run why ann offers
    offers (Offers)
      ann came in; got the message of hello, the message of tip; did not get the message of coupon, because as many messages as a frequency cap allows had reached them; came to the end
      2026-03-02T12:00:00Z  the trigger said enter: The event matched
          event 1.0.0 (FILE) says the same again
      2026-03-02T12:00:00Z  the audience said in: Meets the conditions
          given country = "FR"  (attribute country)
          audience 1.0.0 (FILE) says the same again
      2026-03-02T12:00:00Z  came in, with the key a1
      2026-03-02T12:00:00Z  came to fork
      2026-03-02T12:00:00Z  the segment of arm 0 at fork said out: Does not meet the conditions
          given count of order_completed in 30d = 0
          audience 1.0.0 (FILE) says the same again
      2026-03-02T12:00:00Z  took the way of everybody else at fork
      2026-03-02T12:00:00Z  came to hello
      2026-03-02T12:00:00Z  the message of hello was made
      2026-03-02T12:00:00Z  got the message of hello
      2026-03-02T12:00:00Z  came to tip
      2026-03-02T12:00:00Z  the message of tip was made
      2026-03-02T12:00:00Z  tip goes by the clocks of Europe/Paris (workflow)
      2026-03-02T12:00:00Z  the message of tip waits until 2026-03-03T09:00:00Z, because the step's window was closed
      2026-03-03T09:00:00Z  got the message of tip
      2026-03-03T09:00:00Z  came to rest
      2026-03-03T09:00:00Z  waits at rest until 2026-03-03T10:00:00Z
      2026-03-03T10:00:00Z  came to coupon
      2026-03-03T10:00:00Z  the personalizer of coupon chose: Needs a coupon and gets it
          given score = 0.9  (attribute need)
          incentive 1.0.0 (FILE) says the same again
      2026-03-03T10:00:00Z  the message of coupon was made
      2026-03-03T10:00:00Z  did not get the message of coupon, because as many messages as a frequency cap allows had reached them
      2026-03-03T10:00:00Z  came to the end
    4 decisions asked again: 4 equal, 0 different; 0 not re-executable
run why bob
    offers (Offers)
      bob did not come in, because they are not in the audience
      2026-03-02T12:00:00Z  the trigger said enter: The event matched
          event 1.0.0 (FILE) says the same again
      2026-03-02T12:00:00Z  the audience said out: Does not meet the conditions
          given country = "DE"  (attribute country)
          audience 1.0.0 (FILE) says the same again
      2026-03-02T12:00:00Z  did not come in, because they are not in the audience
    2 decisions asked again: 2 equal, 0 different; 0 not re-executable
run why cem
    offers (Offers)
      cem came in; got no message; left, for the reason `bought_already`
      2026-03-02T12:00:00Z  the trigger said enter: The event matched
          event 1.0.0 (FILE) says the same again
      2026-03-02T12:00:00Z  the audience said in: Meets the conditions
          given country = "FR"  (attribute country)
          audience 1.0.0 (FILE) says the same again
      2026-03-02T12:00:00Z  came in, with the key c2
      2026-03-02T12:00:00Z  came to fork
      2026-03-02T12:00:00Z  the segment of arm 0 at fork said in: Meets the conditions
          given count of order_completed in 30d = 1
          audience 1.0.0 (FILE) says the same again
      2026-03-02T12:00:00Z  took arm 0 at fork
      2026-03-02T12:00:00Z  came to buyer
      2026-03-02T12:00:00Z  left, for the reason `bought_already`
    vips (Those who come again)
      cem did not come in: since the workflow was started at 2026-03-02T12:00:00Z, its trigger said yes to nothing that happened to them
      2026-03-02T12:00:00Z  the trigger said no: The threshold is not reached yet; nothing came of it
          given total = 1  (count of order_completed)
          threshold 1.0.0 (FILE) says the same again
    4 decisions asked again: 4 equal, 0 different; 0 not re-executable
run why dan offers
    offers (Offers)
      dan came in; got the message of hello; did not get the message of tip, because they had left the workflow; left, because they took their consent back
      2026-03-02T12:00:00Z  the trigger said enter: The event matched
          event 1.0.0 (FILE) says the same again
      2026-03-02T12:00:00Z  the audience said in: Meets the conditions
          given country = "FR"  (attribute country)
          audience 1.0.0 (FILE) says the same again
      2026-03-02T12:00:00Z  came in, with the key d1
      2026-03-02T12:00:00Z  came to fork
      2026-03-02T12:00:00Z  the segment of arm 0 at fork said out: Does not meet the conditions
          given count of order_completed in 30d = 0
          audience 1.0.0 (FILE) says the same again
      2026-03-02T12:00:00Z  took the way of everybody else at fork
      2026-03-02T12:00:00Z  came to hello
      2026-03-02T12:00:00Z  the message of hello was made
      2026-03-02T12:00:00Z  got the message of hello
      2026-03-02T12:00:00Z  came to tip
      2026-03-02T12:00:00Z  the message of tip was made
      2026-03-02T12:00:00Z  tip goes by the clocks of Europe/Paris (workflow)
      2026-03-02T12:00:00Z  the message of tip waits until 2026-03-03T09:00:00Z, because the step's window was closed
      2026-03-02T12:00:00Z  did not get the message of tip, because they had left the workflow
      2026-03-02T12:00:00Z  left, because they took their consent back
    3 decisions asked again: 3 equal, 0 different; 0 not re-executable
run why eve offers
    offers (Offers)
      eve did not come in: since the workflow was started at 2026-03-02T12:00:00Z, its trigger said yes to nothing that happened to them
    0 decisions asked again: 0 equal, 0 different; 0 not re-executable
run why ann nothing
    error: there is no workflow nothing
    exit status: 1
run why nobody
    error: nothing is known of contact nobody: no event and no change ever named it
    exit status: 1
