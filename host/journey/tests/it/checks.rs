//! What is wrong with a document, all at once.

use insta::assert_snapshot;
use serde_json::{Value as Json, json};
use signalbox_journey::check::{arms::untaken, check};
use signalbox_model::{definitions::Slot, plan::Plan, problem::Problem, workflow::Workflow};

use crate::rules::{has, on, with, workflow};

fn problems(workflow: Json) -> String {
    let document: Workflow = serde_json::from_value(workflow).unwrap();
    in_lines(check(&document))
}

fn in_lines(problems: Vec<Problem>) -> String {
    let problems = problems.into_iter().map(|problem| {
        let Problem {
            pointer,
            code,
            reason,
            help,
        } = problem;
        assert!(!help.is_empty(), "{code} does not say what to do");
        format!("{pointer} {code}: {reason} [{help}]")
    });
    problems.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_sound_workflow_has_none() {
    let steps = json!([
        {"id": "hello", "send": {"template": "hello"}},
        {"id": "rest", "wait": {"for": "1d"}},
        {"id": "which", "branch": {"arms": [{"segment": has("gold"), "goto": "hello"}], "otherwise": "over"}},
        {"id": "over", "exit": {"reason": "not_gold"}},
    ]);
    assert_eq!(problems(workflow("sound", on("signup"), steps)), "");
}

#[test]
fn all_problems_come_at_once() {
    let steps = json!([
        {"id": "a", "send": {"template": "nowhere"}, "wait": {"for": "0s"}, "next": "gone"},
        {"id": "a", "wait": {"for": "1d"}},
        {"id": "c"},
        {"id": "d", "exit": {"reason": "Not A Code"}, "next": "c"},
        {"id": "e", "branch": {"arms": [], "otherwise": "nobody"}, "next": "d"},
        {"id": "f", "branch": {"arms": [{"segment": has("gold"), "goto": "lost"}, {"segment": has("tin")}]}},
    ]);
    let exits = json!([
        {"on": {"event": "order_completed", "where": [
            {"field": "value", "operator": "in", "value": 3},
            {"field": "value", "operator": "exists", "value": "yes"},
            {"field": "value", "operator": "gt", "value": [1]},
        ]}, "reason": "Not so"},
    ]);
    let broken = with(workflow("broken", on("signup"), steps), "exits", exits);
    assert_snapshot!(problems(with(broken, "title", json!(" "))), @r#"
    /exits/0/on/where/0/value condition_value: the operator wants a list, the value is of type integer [write a list, or choose another operator]
    /exits/0/on/where/1/value condition_value: the operator wants true or false, the value is of type text [write true or false, or choose another operator]
    /exits/0/on/where/2/value condition_value: the operator wants a number, a text or an instant, the value is of type list [write a number, a text or an instant, or choose another operator]
    /exits/0/reason reason_malformed: "Not so" is not a code in snake_case of at most 100 bytes [write a code such as `not_wanted`: reports count by it]
    /steps/0 several_actions: step a has several actions: send, wait [make a step of each]
    /steps/0/next step_unknown: there is no step gone [steps of the workflow: a, c, d, e, f]
    /steps/0/send/template template_unknown: there is no template nowhere [templates of the workflow: hello]
    /steps/0/wait/for wait_empty: the wait has no length [say how long, such as 1d]
    /steps/1/id id_twice: the id a is that of step 0 already [give each step an id of its own]
    /steps/2 no_action: step c does nothing [give it one of send, wait, wait_for, approve, branch, split, update, webhook, goto, exit]
    /steps/3/exit/reason reason_malformed: "Not A Code" is not a code in snake_case of at most 100 bytes [write a code such as `not_wanted`: reports count by it]
    /steps/3/next next_after_exit: an exit ends the journey, nothing comes next [leave it out]
    /steps/4/branch/arms no_arms: the branch has no arm [give it at least one arm]
    /steps/4/branch/otherwise step_unknown: there is no step nobody [steps of the workflow: a, c, d, e, f]
    /steps/4/next next_not_taken: the branch says where everybody goes, so nobody takes `next` [leave it out]
    /steps/5/branch/arms/0/goto step_unknown: there is no step lost [steps of the workflow: a, c, d, e, f]
    /steps/5/branch/arms/1/goto arm_without_target: the arm says nowhere to go [name in `goto` the step where its members go on]
    /title title_empty: the title is empty [write what people are to call it]
    "#);
    assert_snapshot!(problems(workflow("empty", on("signup"), json!([]))), @"/steps no_steps: there is no step [add at least one step, such as a send]");
}

#[test]
fn a_condition_compares_with_a_value_or_with_the_event_that_the_journey_began_with() {
    let conditions = json!([
        {"field": "order", "operator": "eq", "entry_event": "order"},
        {"field": "order", "operator": "eq", "entry_event": "order", "value": 1},
        {"field": "order", "operator": "eq"},
        {"field": "order", "operator": "exists", "entry_event": "order"},
        {"field": "order", "operator": "in", "entry_event": "orders"},
    ]);
    let on_left = json!({"event": "left", "where": conditions});
    let steps = json!([
        {"id": "rest", "wait_for": {"timeout": "1d", "arms": [{"on": on_left}]}},
    ]);
    let keyed = with(
        workflow("keyed", on("signup"), steps),
        "exits",
        json!([{"on": on_left}]),
    );
    let keyed = with(
        keyed,
        "jumps",
        json!([{"on": {"event": "left", "where": conditions}, "goto": "rest"}]),
    );
    assert_snapshot!(problems(keyed.clone()), @r"
    /exits/0/on/where/1 condition_of_one: a condition compares with exactly one of `value` and `entry_event` [give it one of the two]
    /exits/0/on/where/2 condition_of_one: a condition compares with exactly one of `value` and `entry_event` [give it one of the two]
    /exits/0/on/where/3/entry_event condition_reference: whether a field is there does not depend on another event [give the `value` true or false]
    /jumps/0/on/where/1 condition_of_one: a condition compares with exactly one of `value` and `entry_event` [give it one of the two]
    /jumps/0/on/where/2 condition_of_one: a condition compares with exactly one of `value` and `entry_event` [give it one of the two]
    /jumps/0/on/where/3/entry_event condition_reference: whether a field is there does not depend on another event [give the `value` true or false]
    /steps/0/wait_for/arms/0/on/where/1 condition_of_one: a condition compares with exactly one of `value` and `entry_event` [give it one of the two]
    /steps/0/wait_for/arms/0/on/where/2 condition_of_one: a condition compares with exactly one of `value` and `entry_event` [give it one of the two]
    /steps/0/wait_for/arms/0/on/where/3/entry_event condition_reference: whether a field is there does not depend on another event [give the `value` true or false]
    ");
    let mut bulk = with(keyed, "enter_existing", json!(true));
    bulk.as_object_mut().unwrap().remove("trigger");
    bulk["jumps"] = json!([]);
    bulk["steps"] = json!([{"id": "rest", "wait": {"for": "1d"}}]);
    assert_snapshot!(problems(bulk), @r"
    /exits/0/on/where/0/entry_event condition_reference: journeys of a workflow without a trigger begin with an event without fields [compare with a `value`, or name a trigger]
    /exits/0/on/where/1 condition_of_one: a condition compares with exactly one of `value` and `entry_event` [give it one of the two]
    /exits/0/on/where/2 condition_of_one: a condition compares with exactly one of `value` and `entry_event` [give it one of the two]
    /exits/0/on/where/3/entry_event condition_reference: journeys of a workflow without a trigger begin with an event without fields [compare with a `value`, or name a trigger]
    /exits/0/on/where/4/entry_event condition_reference: journeys of a workflow without a trigger begin with an event without fields [compare with a `value`, or name a trigger]
    ");
}

#[test]
fn a_message_may_be_late_by_something() {
    let steps = json!([{"id": "note", "send": {"template": "hello", "late_limit": "0s"}}]);
    assert_snapshot!(problems(workflow("note", on("signup"), steps)), @"/steps/0/send/late_limit late_limit_empty: the limit has no length: every message would be late [say how late the message may be, such as 24h]");
}

#[test]
fn loops_need_a_wait() {
    let steps = json!([
        {"id": "a", "send": {"template": "hello"}},
        {"id": "b", "branch": {"arms": [{"segment": has("gold"), "goto": "a"}], "otherwise": "c"}},
        {"id": "c", "wait": {"for": "1h"}, "next": "c"},
        {"id": "d", "wait": {"for": "1h"}},
    ]);
    assert_snapshot!(problems(workflow("round", on("signup"), steps)), @r"
    /steps/0 loop_without_wait: step a comes back to itself without a wait in between [put a wait into the loop; one for a window or a date may be over at once]
    /steps/0 never_ends: no way leads from step a to an end [add an exit step, an event under exits, or `exit: true` to the goal]
    /steps/1 loop_without_wait: step b comes back to itself without a wait in between [put a wait into the loop; one for a window or a date may be over at once]
    /steps/3 unreachable: no way leads to step d [lead a way to it by `goto`, `next` or a jump, or take it out]
    ");
}

#[test]
fn only_so_many_questions_in_a_row() {
    let branch = |index: u32| {
        json!({"id": format!("b{index}"), "branch": {
            "arms": [{"segment": has("gold"), "goto": format!("b{}", index + 1)}],
        }})
    };
    let mut steps: Vec<Json> = (0..30).map(branch).collect();
    steps.push(json!({"id": "b30", "wait": {"for": "1h"}}));
    assert_snapshot!(problems(workflow("deep", on("signup"), json!(steps))), @"/steps/0 too_many_questions: more than 29 steps that ask a rule follow each other [put a wait between them]");
    steps.remove(0);
    assert_eq!(problems(workflow("deep", on("signup"), json!(steps))), "");
}

#[test]
fn an_update_has_the_exits_asked_whose_segment_may_read_it() {
    let update = |index: u32| json!({"id": format!("u{index}"), "update": {"set": {"seen": {"value": index}}}});
    let mut steps: Vec<Json> = (0..30).map(update).collect();
    let noted = |steps: &[Json], exits: Json| {
        let noted = workflow("noted", on("signup"), json!(steps));
        problems(with(noted, "exits", exits))
    };
    let by_segment = json!([{"segment": has("gold")}]);
    assert_snapshot!(noted(&steps, by_segment.clone()), @"/steps/0 too_many_questions: more than 29 steps that ask a rule, or change what the segment of an exit may read, follow each other [put a wait between them, or make one update of several]");
    assert_eq!(
        noted(&steps, json!([{"on": {"event": "unsubscribed"}}])),
        ""
    );
    steps.insert(15, json!({"id": "rest", "wait": {"for": "1h"}}));
    assert_eq!(noted(&steps, by_segment), "");
}

#[test]
fn counts_are_bounded() {
    let steps: Vec<Json> = (0..201)
        .map(|index| json!({"id": format!("s{index}"), "wait": {"for": "1h"}}))
        .collect();
    let exits: Vec<Json> = (0..21)
        .map(|_| json!({"on": {"event": "order_completed"}}))
        .collect();
    let large = with(
        workflow("large", on("signup"), json!(steps)),
        "exits",
        json!(exits),
    );
    assert_snapshot!(problems(with(large, "title", json!("x".repeat(201)))), @r"
    /exits too_many: there are 21 exits, at most 20 are allowed [take some out, or share them among several workflows]
    /steps too_many: there are 201 steps, at most 200 are allowed [take some out, or share them among several workflows]
    /title title_too_long: the title has 201 bytes, at most 200 are allowed [shorten it]
    ");
}

#[test]
fn every_step_says_what_is_wrong_with_it() {
    let pattern =
        json!({"event": "paid", "where": [{"field": "value", "operator": "gt", "value": [1]}]});
    let steps = json!([
        {"id": "a", "wait": {}},
        {"id": "b", "wait": {"for": "1h", "window": {"from": "09:00", "to": "09:00"}}},
        {"id": "c", "wait": {"calendar": {"days": 1, "weekdays": ["monday", "monday"], "at": "09:00"}}},
        {"id": "d", "wait": {"calendar": {"at": "09:00"}}},
        {"id": "e", "wait": {"until": {"attribute": "born", "days": -4000}}},
        {"id": "f", "wait_for": {"arms": [], "timeout": "0s"}},
        {"id": "g", "wait_for": {"arms": [{"on": pattern, "goto": "x"}], "timeout": "1d", "otherwise": "y"}, "next": "a"},
        {"id": "h", "split": {"arms": [{"name": "one", "weight": 5000}, {"name": "one", "weight": 4000}]}},
        {"id": "i", "update": {}},
        {"id": "j", "update": {
            "set": {"a": {}, "b": {"value": 1, "plus": 2}},
            "unset": ["a"], "add_tags": ["t"], "remove_tags": ["t"],
        }},
        {"id": "k", "goto": {"step": "b"}},
        {"id": "l", "goto": {"step": "b", "times_max": 0}},
        {"id": "m", "goto": {"step": "n"}, "next": "a"},
        {"id": "n", "goto": {"step": "nowhere"}},
    ]);
    let wrong = with(
        workflow("wrong", on("signup"), steps),
        "entry",
        json!({"after": "0s"}),
    );
    let jumps = json!([{"on": {"event": "paid"}, "goto": "nobody"}]);
    assert_snapshot!(problems(with(wrong, "jumps", jumps)), @r"
    /entry/after entry_empty: the duration has no length [write `every` to let a contact in every time]
    /jumps/0/goto step_unknown: there is no step nobody [steps of the workflow: a, b, c, d, e, f, g, h, i, j and 4 more]
    /steps/0/wait wait_count: the wait is told in 0 ways, it needs exactly one [give one of for, calendar, until, window]
    /steps/1/wait wait_count: the wait is told in 2 ways, it needs exactly one [give one of for, calendar, until, window]
    /steps/1/wait/window/to window_empty: the window opens and closes at 09:00 [leave the window out if every hour is meant]
    /steps/10/goto goto_unbounded: the way leads back to b without a bound [say how often at most with times_max]
    /steps/11/goto/times_max goto_never: nobody ever goes there [write 1 or more, or take the step out]
    /steps/12/next next_not_taken: the goto says where everybody goes, so nobody takes `next` [leave it out]
    /steps/13/goto/step step_unknown: there is no step nowhere [steps of the workflow: a, b, c, d, e, f, g, h, i, j and 4 more]
    /steps/2/wait/calendar wait_count: a calendar wait has either days or weekdays [give it one of the two]
    /steps/2/wait/calendar/weekdays weekday_twice: a weekday stands there twice [name each weekday once]
    /steps/3/wait/calendar wait_count: a calendar wait has either days or weekdays [give it one of the two]
    /steps/4/wait/until/days wait_too_long: 4000 days are more than 3660 [write at most 3660, ten years]
    /steps/5/wait_for/arms no_arms: the wait_for has no arm [give it at least one arm]
    /steps/5/wait_for/timeout wait_empty: the wait has no length [say how long, such as 1d]
    /steps/6/next next_not_taken: the wait_for says where everybody goes, so nobody takes `next` [leave it out]
    /steps/6/wait_for/arms/0/goto step_unknown: there is no step x [steps of the workflow: a, b, c, d, e, f, g, h, i, j and 4 more]
    /steps/6/wait_for/arms/0/on/where/0/value condition_value: the operator wants a number, a text or an instant, the value is of type list [write a number, a text or an instant, or choose another operator]
    /steps/6/wait_for/otherwise step_unknown: there is no step y [steps of the workflow: a, b, c, d, e, f, g, h, i, j and 4 more]
    /steps/7/split/arms weights_sum: the weights add up to 9000, not to 10000 [weights are basis points: 10000 are everybody]
    /steps/7/split/arms/1/name arm_twice: another arm has the name one already [give each arm a name of its own]
    /steps/8/update update_empty: the update changes nothing [give it set, unset, add_tags, remove_tags or keep]
    /steps/9/update/remove_tags set_and_unset: the tag t is added and removed [keep one of the two]
    /steps/9/update/set/a source_count: the value comes from 0 places, it needs exactly one [give one of value, attribute, event, kept, plus]
    /steps/9/update/set/b source_count: the value comes from 2 places, it needs exactly one [give one of value, attribute, event, kept, plus]
    /steps/9/update/unset set_and_unset: a is set and removed [keep one of the two]
    ");
}

#[test]
fn a_workflow_comes_to_an_end_by_its_steps_or_by_an_exit() {
    let steps = json!([
        {"id": "note", "send": {"template": "hello"}},
        {"id": "week", "wait": {"for": "7d"}, "next": "note"},
    ]);
    let weekly = workflow("weekly", on("signup"), steps);
    assert_snapshot!(problems(weekly.clone()), @"/steps/0 never_ends: no way leads from step note to an end [add an exit step, an event under exits, or `exit: true` to the goal]");
    let exits = json!([{"on": {"event": "unsubscribed"}}]);
    assert_snapshot!(problems(with(weekly.clone(), "exits", exits)), @"");
    let goal = |exit: bool| json!({"on": {"event": "order_completed"}, "exit": exit});
    assert_snapshot!(problems(with(weekly.clone(), "goal", goal(true))), @"");
    let going_on = problems(with(weekly, "goal", goal(false)));
    assert!(going_on.contains("never_ends"), "{going_on}");
}

#[test]
fn a_step_is_reached_by_a_jump_alone() {
    let steps = json!([
        {"id": "note", "send": {"template": "hello"}},
        {"id": "over", "exit": {}},
        {"id": "offer", "send": {"template": "hello"}},
    ]);
    let jumping = workflow("jumping", on("signup"), steps);
    assert_snapshot!(problems(jumping.clone()), @"/steps/2 unreachable: no way leads to step offer [lead a way to it by `goto`, `next` or a jump, or take it out]");
    let jumps = json!([{"on": {"event": "message_replied"}, "goto": "offer"}]);
    assert_snapshot!(problems(with(jumping, "jumps", jumps)), @"");
}

#[test]
fn a_wait_that_may_be_over_at_once_does_not_bound_a_loop() {
    let round = |wait: Json| {
        let steps = json!([{"id": "rest", "wait": wait}, {"id": "note", "send": {"template": "hello"}, "next": "rest"}]);
        let exits = json!([{"on": {"event": "unsubscribed"}}]);
        problems(with(workflow("round", on("signup"), steps), "exits", exits))
    };
    let refused = [
        json!({"window": {"from": "09:00", "to": "18:00"}}),
        json!({"until": {"attribute": "ends"}}),
        json!({"until": {"attribute": "born", "yearly": true, "missing": "go_on"}}),
    ];
    for wait in refused {
        assert!(round(wait.clone()).contains("loop_without_wait"), "{wait}");
    }
    let taken = [
        json!({"for": "1h"}),
        json!({"calendar": {"weekdays": ["monday"], "at": "09:00"}}),
        json!({"until": {"attribute": "born", "yearly": true}}),
        json!({"until": {"attribute": "ends", "past": "exit"}}),
    ];
    for wait in taken {
        assert_eq!(round(wait.clone()), "", "{wait}");
    }
}

#[test]
fn what_cannot_be_waited_for_split_or_changed_is_refused() {
    let sent = json!({"event": "message_sent"});
    let steps = json!([
        {"id": "a", "wait_for": {"timeout": "1d", "arms": [{"on": sent}]}},
        {"id": "b", "split": {"experiment": "x", "arms": [{"name": "one", "weight": 10_000}]}},
        {"id": "c", "split": {"experiment": "x", "arms": [{"name": "two", "weight": 10_000}]}},
        {"id": "d", "update": {"set": {"tags": {"value": "vip"}}}},
    ]);
    let jumps = json!([{"on": sent, "goto": "b"}]);
    assert_snapshot!(problems(with(workflow("odd", on("signup"), steps), "jumps", jumps)), @r"
    /jumps/0/on/event event_of_sending: no journey can wait for a sent message [the step behind a send begins when its message is sent]
    /steps/0/wait_for/arms/0/on/event event_of_sending: no journey can wait for a sent message [the step behind a send begins when its message is sent]
    /steps/2/split/experiment arms_differ: step b splits the same experiment into other arms [give both the same arms, or each an experiment of its own]
    /steps/3/update tags_by_name: the attribute tags is changed by tags only [use add_tags and remove_tags]
    ");
}

#[test]
fn windows_exits_grace_and_priority_say_what_is_wrong_with_them() {
    let empty = json!({"from": "09:00", "to": "09:00"});
    let steps = json!([
        {"id": "a", "send": {"template": "hello", "window": empty}},
        {"id": "b", "send": {"template": "hello", "class": "transactional", "window": {"from": "09:00", "to": "18:00"}}},
    ]);
    let exits = json!([{"on": {"event": "left"}, "segment": has("gone")}, {"reason": "neither"}]);
    let wrong = with(workflow("wrong", on("signup"), steps), "exits", exits);
    let wrong = with(wrong, "priority", json!(101));
    let wrong = with(wrong, "window", empty);
    assert_snapshot!(problems(with(wrong.clone(), "grace", json!("0s"))), @r"
    /exits/0 exit_of_one: an exit names either an event (`on`) or a segment [give it one of the two, and an exit of its own for the other]
    /exits/1 exit_of_one: an exit names either an event (`on`) or a segment [give it one of the two, and an exit of its own for the other]
    /grace grace_length: the grace is longer than nothing and at most 30d [write how long, such as 2h, or leave it out]
    /priority priority_too_high: 101 is more than 100 [write a number from 0 to 100]
    /steps/0/send/window/to window_empty: the window opens and closes at 09:00 [leave the window out if every hour is meant]
    /steps/1/send/window window_of_transactional: a transactional message goes out at any time [take the window out, or make the message a marketing one]
    /window/to window_empty: the window opens and closes at 09:00 [leave the window out if every hour is meant]
    ");
    let told = problems(with(wrong, "grace", json!("31d")));
    assert!(told.contains("/grace grace_length"), "{told}");
}

#[test]
fn a_count_that_is_passed_is_told_before_anything_else_is_looked_at() {
    let steps: Vec<Json> = (0..201)
        .map(|index| json!({"id": format!("s{index}"), "send": {"template": "nowhere"}}))
        .collect();
    assert_snapshot!(problems(workflow("large", on("signup"), json!(steps))), @"/steps too_many: there are 201 steps, at most 200 are allowed [take some out, or share them among several workflows]");
    let arms: Vec<Json> = (0..21)
        .map(|index| json!({"name": format!("arm_{index}"), "weight": 1, "goto": "nowhere"}))
        .collect();
    let wide = json!([{"id": "lot", "split": {"arms": arms}}]);
    assert_snapshot!(problems(workflow("wide", on("signup"), wide)), @"/steps/0/split/arms too_many: there are 21 arms, at most 20 are allowed [take some out, or share them among several workflows]");
}

#[test]
fn only_so_many_problems_and_names_are_told() {
    let steps: Vec<Json> = (0..150)
        .map(|index| json!({"id": format!("s{index}"), "send": {"template": "nowhere"}}))
        .collect();
    let mut many = workflow("many", on("signup"), json!(steps));
    for index in 0..40 {
        many["templates"][format!("t{index:02}")] = many["templates"]["hello"].clone();
    }
    let told = problems(many);
    let lines: Vec<&str> = told.lines().collect();
    assert_snapshot!(format!("{} lines\n{}\n{}", lines.len(), lines[0], lines[99]), @r"
    100 lines
    /steps/0/send/template template_unknown: there is no template nowhere [templates of the workflow: hello, t00, t01, t02, t03, t04, t05, t06, t07, t08 and 31 more]
     more_problems: there are 51 more problems [mend these first]
    ");
}

#[test]
fn an_unknown_name_hides_nothing_that_is_so_whatever_it_should_be() {
    let gold = |goto: &str| json!({"segment": has("gold"), "goto": goto});
    // Nobody comes to the step with the wrong name.
    let aside = json!([
        {"id": "round", "wait": {"for": "1h"}, "next": "round"},
        {"id": "aside", "wait": {"for": "1h"}, "next": "gone"},
    ]);
    assert_snapshot!(problems(workflow("aside", on("signup"), aside)), @r"
    /steps/0 never_ends: no way leads from step round to an end [add an exit step, an event under exits, or `exit: true` to the goal]
    /steps/1 unreachable: no way leads to step aside [lead a way to it by `goto`, `next` or a jump, or take it out]
    /steps/1/next step_unknown: there is no step gone [steps of the workflow: aside, round]
    ");
    // The wrong name may be meant to lead to what nobody comes to now, or to the end; but not out of the round.
    let ahead = json!([
        {"id": "which", "branch": {"arms": [gold("gone"), gold("round")], "otherwise": "round"}},
        {"id": "round", "wait": {"for": "1h"}, "next": "round"},
        {"id": "perhaps", "exit": {}},
    ]);
    assert_snapshot!(problems(workflow("ahead", on("signup"), ahead)), @r"
    /steps/0/branch/arms/0/goto step_unknown: there is no step gone [steps of the workflow: perhaps, round, which]
    /steps/1 never_ends: no way leads from step round to an end [add an exit step, an event under exits, or `exit: true` to the goal]
    ");
    let jumps = json!([{"on": {"event": "left"}, "goto": "gone"}]);
    let round = json!([
        {"id": "round", "wait": {"for": "1h"}, "next": "round"},
        {"id": "perhaps", "exit": {}},
    ]);
    let jumping = with(workflow("jumping", on("signup"), round), "jumps", jumps);
    assert_snapshot!(problems(jumping), @"/jumps/0/goto step_unknown: there is no step gone [steps of the workflow: perhaps, round]");
    let twice = json!([
        {"id": "note", "wait": {"for": "1h"}, "next": "over"},
        {"id": "over", "wait": {"for": "1h"}, "next": "note"},
        {"id": "over", "exit": {}},
        {"id": "lost", "exit": {}},
    ]);
    assert_snapshot!(problems(workflow("twice", on("signup"), twice)), @r"
    /steps/2/id id_twice: the id over is that of step 1 already [give each step an id of its own]
    /steps/3 unreachable: no way leads to step lost [lead a way to it by `goto`, `next` or a jump, or take it out]
    ");
}

#[test]
fn arms_that_nobody_takes_are_not_read() {
    let steps = json!([
        {"id": "offer", "split": {"arms": [{"name": "a", "weight": 5_000}, {"name": "b", "weight": 5_000}]}},
        {"id": "rest", "wait": {"for": "1d"}},
    ]);
    let document = serde_json::from_value(workflow("offers", on("signup"), steps)).unwrap();
    let found = |step: &str, slot: Slot| {
        let input = json!({"name": "it", "source": {"arm_taken": step}, "type": "text"});
        let plan: Plan = serde_json::from_value(json!({"format": 1, "inputs": [input]})).unwrap();
        in_lines(untaken(&plan, &slot, "/config", Some(&document)))
    };
    assert_eq!(found("offer", Slot::Exit(0)), "");
    let lines = [
        found("offer", Slot::Trigger),
        found("offer", Slot::Audience),
        found("rest", Slot::Exit(0)),
        found("rst", Slot::Exit(0)),
    ];
    assert_snapshot!(lines.join("\n"), @r#"
    /config arm_untaken: the arm taken at "offer" is read where there is no journey that took one [name a step that splits, branches, waits for events or for an approval, in a branch, a personalizer or an exit]
    /config arm_untaken: the arm taken at "offer" is read where there is no journey that took one [name a step that splits, branches, waits for events or for an approval, in a branch, a personalizer or an exit]
    /config arm_untaken: step "rest" has no arms [name a step that splits, branches, waits for events or for an approval, in a branch, a personalizer or an exit]
    /config arm_untaken: there is no step "rst" whose arm could be read [name a step that splits, branches, waits for events or for an approval, in a branch, a personalizer or an exit]
    "#);
}
