P6: A coupon goes only to those who need one: below the threshold there is none, and what is sent is counted with its cost by arm.

--- workflow stay
{
  "id": "stay",
  "title": "Stay with us",
  "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "month_ended" } },
  "steps": [
    { "id": "mail", "send": { "template": "mail", "personalizer": { "plugin": "incentive", "config": {
      "score": "churn_probability",
      "arms": [
        { "name": "nudge", "from": 0.5, "coupon": "STAY5", "cost": 2.5 },
        { "name": "strong", "from": 0.8, "coupon": "STAY20", "cost": 10 }
      ] } } } }
  ]
}

--- template stay mail
Subject: {{ rule.incentive.coupon | default: "News" }}

See you soon.

--- story
at 2026-03-02 09:00
create stay
start stay
contact ann {"email": "ann@example.com", "churn_probability": 0.49}
contact bob {"email": "bob@example.com", "churn_probability": 0.5}
contact cem {"email": "cem@example.com", "churn_probability": 0.79}
contact dan {"email": "dan@example.com", "churn_probability": 0.8}
contact eve {"email": "eve@example.com"}
contact fay {"churn_probability": 0.9}
event ann month_ended #1
event bob month_ended #1
event cem month_ended #1
event dan month_ended #1
event eve month_ended #1
# She needs one, and has no address: what is not sent costs nothing.
event fay month_ended #1
mails
    ann@example.com | News | 2026-03-02 09:00:00
    bob@example.com | STAY5 | 2026-03-02 09:00:00
    cem@example.com | STAY5 | 2026-03-02 09:00:00
    dan@example.com | STAY20 | 2026-03-02 09:00:00
    eve@example.com | News | 2026-03-02 09:00:00
counters stay
    version 1 completed: 6
    version 1 decisions steps/mail/personalizer given: 3
    version 1 decisions steps/mail/personalizer not_needed: 1
    version 1 decisions steps/mail/personalizer score_missing: 1
    version 1 decisions trigger matched: 6
    version 1 entered: 6
    version 1 messages queued: 5
    version 1 messages sent: 5
    version 1 messages skipped no_address: 1
    version 1 mail offered none: 2, cost 0.0
    version 1 mail offered nudge: 2, cost 5.0
    version 1 mail offered strong: 1, cost 10.0
# Why there was none for Ann.
run why ann stay
    stay (Stay with us)
      ann came in; got the message of mail; came to the end
      2026-03-02T09:00:00Z  the trigger said enter: The event matched
          event 1.0.0 (FILE) says the same again
      2026-03-02T09:00:00Z  came in, with the key 1
      2026-03-02T09:00:00Z  came to mail
      2026-03-02T09:00:00Z  the personalizer of mail chose: The score is too low to need a coupon
          given score = 0.49  (attribute churn_probability)
          incentive 1.0.0 (FILE) says the same again
      2026-03-02T09:00:00Z  the message of mail was made
      2026-03-02T09:00:00Z  got the message of mail
      2026-03-02T09:00:00Z  was offered none by mail, which costs 0
      2026-03-02T09:00:00Z  came to the end
    2 decisions asked again: 2 equal, 0 different; 0 not re-executable
