//! The kinds of events, and how Zoom writes each.

/// An event of a meeting.
#[derive(Debug, Clone, Copy)]
pub(super) enum ZoomEvent<'a> {
    Started,
    Ended,
    Joined,
    Left { reason: &'a str, has_name: bool },
    JoinedWaitingRoom,
    LeftWaitingRoom,
    Admitted,
    PutInWaitingRoom,
    WaitingForHost,
    WaitingForHostOver,
    JoinedBeforeHost,
    JoinedBreakout(Breakout<'a>),
    LeftBreakout(Breakout<'a>),
    RoleChanged { old: &'a str, new: &'a str },
    SharingStarted,
    SharingEnded,
    Chat { message: &'a str },
    CalloutRinging,
    CalloutAccepted,
    Bound { bind_user_id: u64 },
    Unknown { name: &'a str },
}

/// A breakout room and the leg inside it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Breakout<'a> {
    pub uuid: &'a str,
    pub user_id: &'a str,
}

/// The JSON type of `object.id`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum IdForm {
    Text,
    Number,
}

/// The order in which Zoom writes the three keys of a body.
#[derive(Debug, Clone, Copy)]
pub(super) enum Order {
    PayloadFirst,
    EventFirst,
}

impl ZoomEvent<'_> {
    /// The value of `event`.
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Started => "meeting.started",
            Self::Ended => "meeting.ended",
            Self::Joined => "meeting.participant_joined",
            Self::Left { .. } => "meeting.participant_left",
            Self::JoinedWaitingRoom => "meeting.participant_joined_waiting_room",
            Self::LeftWaitingRoom => "meeting.participant_left_waiting_room",
            Self::Admitted => "meeting.participant_admitted",
            Self::PutInWaitingRoom => "meeting.participant_put_in_waiting_room",
            Self::WaitingForHost => "meeting.participant_jbh_waiting",
            Self::WaitingForHostOver => "meeting.participant_jbh_waiting_left",
            Self::JoinedBeforeHost => "meeting.participant_jbh_joined",
            Self::JoinedBreakout(_) => "meeting.participant_joined_breakout_room",
            Self::LeftBreakout(_) => "meeting.participant_left_breakout_room",
            Self::RoleChanged { .. } => "meeting.participant_role_changed",
            Self::SharingStarted => "meeting.sharing_started",
            Self::SharingEnded => "meeting.sharing_ended",
            Self::Chat { .. } => "meeting.chat_message_sent",
            Self::CalloutRinging => "meeting.participant_phone_callout_ringing",
            Self::CalloutAccepted => "meeting.participant_phone_callout_accepted",
            Self::Bound { .. } => "meeting.participant_bind",
            Self::Unknown { name } => name,
        }
    }

    /// Whether `object.id` was seen both as a text and as a number.
    pub(super) fn id_form_varies(&self) -> bool {
        matches!(self, Self::Started | Self::SharingStarted | Self::SharingEnded)
    }

    /// How this event writes `object.id`; `choice` where both were seen.
    pub(super) fn id_form(&self, choice: IdForm) -> IdForm {
        match self {
            Self::Chat { .. }
            | Self::CalloutRinging
            | Self::CalloutAccepted
            | Self::WaitingForHostOver => IdForm::Number,
            _ if self.id_form_varies() => choice,
            _ => IdForm::Text,
        }
    }

    /// The order of this event's keys.
    pub(super) fn order(&self) -> Order {
        match self {
            Self::Joined | Self::Left { .. } | Self::LeftBreakout(_) => Order::PayloadFirst,
            _ => Order::EventFirst,
        }
    }
}
