//! Journey time: the machine's clock held to never going back or leaping, or one that is wound by hand.
//!
//! The journal asks it at every append; timers and the outbox ask it what is due. Nothing else in the engine may ask
//! what time it is, except for process time, which serves timeouts and metrics only.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
    time::{Instant as ProcessInstant, SystemTime, UNIX_EPOCH},
};

use signalbox_model::time::Instant;

/// Furthest that the machine's clock may leap ahead while the process runs and still be followed.
pub const LEAP_MS_MAX: i64 = 5 * 60_000;

/// Which clock journey time comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClockMode {
    /// The machine's.
    Real,
    /// Wound by hand through [`crate::ManualClock`].
    Manual,
}

/// Process time, for timeouts and metrics.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place of the engine that reads the monotonic clock"
)]
pub(crate) fn process_now() -> ProcessInstant {
    ProcessInstant::now()
}

/// The machine's clock, whatever it says; beside journey time only for the age of files.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place of the engine that reads the machine's clock"
)]
pub(crate) fn machine_now() -> SystemTime {
    SystemTime::now()
}

fn machine_ms() -> i64 {
    machine_now().duration_since(UNIX_EPOCH).map_or(0, |since| {
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    })
}

/// Journey time.
#[derive(Debug)]
pub(crate) enum Clock {
    Real(RealClock),
    Manual(HandClock),
}

/// The machine's clock, made to behave.
#[derive(Debug)]
pub(crate) struct RealClock {
    /// A mutex since each reading depends on the one before; held for a few instructions.
    last: Mutex<Reading>,
    leapt: AtomicBool,
}

#[derive(Debug, Clone, Copy)]
struct Reading {
    journey_ms: i64,
    at: ProcessInstant,
}

/// A clock that stands until it is wound.
#[derive(Debug)]
pub(crate) struct HandClock {
    now_ms: AtomicI64,
    /// Timers due at or before this fire.
    fire_ms: AtomicI64,
}

impl Clock {
    /// A clock that does not begin before `earliest`.
    pub(crate) fn new(mode: ClockMode, earliest: Instant) -> Self {
        match mode {
            ClockMode::Real => Self::Real(RealClock {
                last: Mutex::new(Reading {
                    journey_ms: machine_ms(),
                    at: process_now(),
                }),
                leapt: AtomicBool::new(false),
            }),
            ClockMode::Manual => Self::Manual(HandClock {
                now_ms: AtomicI64::new(earliest.as_ms()),
                fire_ms: AtomicI64::new(earliest.as_ms() - 1),
            }),
        }
    }

    /// Journey time now.
    pub(crate) fn now(&self) -> Instant {
        match self {
            Self::Real(clock) => Instant::from_ms(clock.read(machine_ms(), process_now())),
            Self::Manual(clock) => Instant::from_ms(clock.now_ms.load(Ordering::Acquire)),
        }
    }

    /// Timers due at or before this fire now. On the real clock that is before the present millisecond, since at one
    /// instant events go before timers and more events of this millisecond may come.
    pub(crate) fn fire_up_to(&self) -> Instant {
        match self {
            Self::Real(_) => Instant::from_ms(self.now().as_ms() - 1),
            Self::Manual(clock) => Instant::from_ms(clock.fire_ms.load(Ordering::Acquire)),
        }
    }

    /// Whether the machine's clock has leapt ahead and is not followed.
    pub(crate) fn has_leapt(&self) -> bool {
        match self {
            Self::Real(clock) => clock.leapt.load(Ordering::Acquire),
            Self::Manual(_) => false,
        }
    }

    /// An operator has looked: the machine's clock is right, follow it. A clock that is wound stays where it is.
    pub(crate) fn follow(&self) {
        if let Self::Real(clock) = self {
            clock.follow(machine_ms(), process_now());
        }
    }

    pub(crate) fn is_manual(&self) -> bool {
        matches!(self, Self::Manual(_))
    }

    /// Winds a manual clock: it stands at `now` afterwards, and what is due by `fire` fires. Never goes back.
    pub(crate) fn wind(&self, now: Instant, fire: Instant) {
        if let Self::Manual(clock) = self {
            clock.now_ms.fetch_max(now.as_ms(), Ordering::AcqRel);
            clock.fire_ms.fetch_max(fire.as_ms(), Ordering::AcqRel);
        }
    }
}

impl RealClock {
    fn read(&self, machine_ms: i64, at: ProcessInstant) -> i64 {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let passed = at.saturating_duration_since(last.at).as_millis();
        let passed = i64::try_from(passed).unwrap_or(i64::MAX);
        let expected = last.journey_ms.saturating_add(passed);
        let leapt = machine_ms.saturating_sub(expected) > LEAP_MS_MAX;
        if leapt {
            // Not followed: it goes on at the pace of process time until the machine's clock is right again.
            if expected > last.journey_ms {
                *last = Reading {
                    journey_ms: expected,
                    at,
                };
            }
        } else if machine_ms > last.journey_ms {
            *last = Reading {
                journey_ms: machine_ms,
                at,
            };
        }
        if leapt && !self.leapt.swap(true, Ordering::AcqRel) {
            tracing::error!(
                "the machine's clock has leapt ahead and is not followed: nothing is sent until it is right again, or \
                 somebody who has looked asks for POST /v1/clock/follow"
            );
        } else if !leapt {
            self.leapt.store(false, Ordering::Release);
        }
        last.journey_ms
    }

    fn follow(&self, machine_ms: i64, at: ProcessInstant) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        // A machine that is behind is waited for, as ever: what has passed since the last reading still counts.
        if machine_ms > last.journey_ms {
            *last = Reading {
                journey_ms: machine_ms,
                at,
            };
        }
        self.leapt.store(false, Ordering::Release);
    }
}

impl signalbox_journal::Clock for Clock {
    fn now_ms(&self) -> i64 {
        self.now().as_ms()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn steps_back_are_waited_out_and_leaps_are_not_followed() {
        let start = process_now();
        let clock = RealClock {
            last: Mutex::new(Reading {
                journey_ms: 1_000_000,
                at: start,
            }),
            leapt: AtomicBool::new(false),
        };
        let after = |ms: u64| start + Duration::from_millis(ms);
        assert_eq!(clock.read(1_000_010, after(10)), 1_000_010);
        assert_eq!(clock.read(900_000, after(20)), 1_000_010, "stands still");
        assert_eq!(clock.read(1_000_030, after(30)), 1_000_030, "caught up");
        let day_ms = 86_400_000;
        assert_eq!(clock.read(1_000_040 + day_ms, after(40)), 1_000_040);
        assert!(clock.leapt.load(Ordering::Acquire));
        assert_eq!(clock.read(1_000_050, after(50)), 1_000_050);
        assert!(!clock.leapt.load(Ordering::Acquire), "right again");
        assert_eq!(clock.read(1_060_000, after(60)), 1_060_000, "a small leap");
    }

    #[test]
    fn a_leap_is_followed_once_somebody_has_looked() {
        let start = process_now();
        let real = || RealClock {
            last: Mutex::new(Reading {
                journey_ms: 1_000_000,
                at: start,
            }),
            leapt: AtomicBool::new(false),
        };
        let after = |ms: u64| start + Duration::from_millis(ms);
        let day_ms = 86_400_000;
        let clock = real();
        assert_eq!(clock.read(1_000_010 + day_ms, after(10)), 1_000_010);
        clock.follow(1_000_020 + day_ms, after(20));
        assert!(!clock.leapt.load(Ordering::Acquire));
        assert_eq!(
            clock.read(1_000_030 + day_ms, after(30)),
            1_000_030 + day_ms
        );
        assert_eq!(
            clock.read(1_000_040 + 2 * day_ms, after(40)),
            1_000_040 + day_ms,
            "the next leap is one again"
        );
        assert!(clock.leapt.load(Ordering::Acquire));

        let clock = real();
        clock.follow(0, after(10));
        assert_eq!(clock.read(0, after(20)), 1_000_000, "it never goes back");

        // The clock of the machine that runs this, which stands a day ahead of a journey time of its own.
        let yesterday = machine_ms() - day_ms;
        let clock = Clock::Real(RealClock {
            last: Mutex::new(Reading {
                journey_ms: yesterday,
                at: start,
            }),
            leapt: AtomicBool::new(false),
        });
        assert!(clock.now().as_ms() < yesterday + day_ms / 2);
        assert!(clock.has_leapt());
        clock.follow();
        assert!(clock.now().as_ms() >= yesterday + day_ms);
        assert!(!clock.has_leapt());
    }

    #[test]
    fn a_leap_after_a_step_back_is_measured_from_journey_time() {
        let start = process_now();
        let clock = RealClock {
            last: Mutex::new(Reading {
                journey_ms: 1_000_000,
                at: start,
            }),
            leapt: AtomicBool::new(false),
        };
        clock.read(0, start);
        assert_eq!(clock.read(1_000_000 + LEAP_MS_MAX, start), 1_300_000);
    }
}
