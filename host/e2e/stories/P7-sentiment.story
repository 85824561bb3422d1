P7: A happy review is answered with a referral, an unhappy one with help; what is neither, or has no text, gets what is declared for that.

--- workflow answer
{
  "id": "answer",
  "title": "Answer a review",
  "goal": "none",
  "entry": "every",
  "trigger": { "plugin": "event", "config": { "event": "review_posted" } },
  "steps": [{ "id": "answer", "send": { "template": "thanks", "personalizer": { "plugin": "sentiment", "config": {
    "text": { "field": "text" },
    "happy": { "template": "referral", "values": { "offer": "10 % for both of you" } },
    "unhappy": { "subject": "How can we help?", "values": { "offer": "We will call you" } },
    "neutral": { "values": { "offer": "Thank you for writing" } }
  } } } }]
}

--- template answer thanks
Subject: Your review

{{ rule.sentiment.offer }}

--- template answer referral
Subject: Tell a friend

{{ rule.sentiment.offer }}

--- story
at 2026-03-02 09:00
create answer
start answer
contact ann {"email": "ann@example.com"}
event ann review_posted #r1 {"text": "Great coffee, and so friendly! I love it."}
text
    10 % for both of you
event ann review_posted #r2 {"text": "It broke after a week, a waste of money."}
text
    We will call you
event ann review_posted #r3 {"text": "Where is my invoice?"}
text
    Thank you for writing
event ann review_posted #r4 {"stars": 3}
text
    Thank you for writing
mails
    ann@example.com | How can we help? | 2026-03-02 09:00:00
    ann@example.com | Tell a friend | 2026-03-02 09:00:00
    ann@example.com | Your review | 2026-03-02 09:00:00
    ann@example.com | Your review | 2026-03-02 09:00:00
counters answer
    version 1 completed: 4
    version 1 decisions steps/answer/personalizer happy: 1
    version 1 decisions steps/answer/personalizer neutral: 1
    version 1 decisions steps/answer/personalizer text_missing: 1
    version 1 decisions steps/answer/personalizer unhappy: 1
    version 1 decisions trigger matched: 4
    version 1 entered: 4
    version 1 messages queued: 4
    version 1 messages sent: 4
