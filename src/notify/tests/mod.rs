//! What is said when, told as stories: comings and goings in, messages out.

mod cards;
mod stage;
mod stories;
mod twice;
