//! One file for each section: its keys, their defaults and their parsers.

pub(super) mod admin;
pub(super) mod archive;
pub(super) mod credential;
pub(super) mod csv;
pub(super) mod journal;
pub(super) mod notify;
pub(super) mod people;
pub(super) mod presence;
pub(super) mod privacy;
pub(super) mod rooms;
pub(super) mod site;
pub(super) mod zoom;
pub(super) mod zoom_api;
