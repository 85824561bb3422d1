//! What a message waits for, and the codes that pauses, caps and claims tell it by. Nothing is decided here.

/// Why something that fell due in a pause is not done, or waits.
pub(super) const PAUSED: &str = "paused";
/// Why a message is not sent that should have been long ago.
pub(super) const LATE: &str = "late";
/// Why a message waits, or is not sent: there is no room for it under the caps.
pub(super) const FREQUENCY_CAP: &str = "frequency_cap";

/// What a message waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hold {
    /// Its window opens.
    Window,
    /// The quiet hours of the server end.
    QuietHours,
    /// There is room for it under the caps.
    FrequencyCap,
    /// Whoever may go before it under the caps is woken.
    Turn,
    /// The rule of an exit answers, which has failed.
    RuleFailed,
    /// Its workflow is resumed.
    Resume,
}

impl Hold {
    /// The reason code.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Window => "window",
            Self::QuietHours => "quiet_hours",
            Self::FrequencyCap | Self::Turn => FREQUENCY_CAP,
            Self::RuleFailed => "rule_failed",
            Self::Resume => PAUSED,
        }
    }

    /// Whether it ends by the clocks where the contact is.
    pub(super) fn goes_by_zone(self) -> bool {
        matches!(self, Self::Window | Self::QuietHours)
    }

    /// Whether the message is due only when the hold is over, and so is not late by it.
    pub(super) fn is_due_after(self) -> bool {
        match self {
            Self::Window | Self::QuietHours | Self::FrequencyCap => true,
            Self::Turn | Self::RuleFailed | Self::Resume => false,
        }
    }
}
