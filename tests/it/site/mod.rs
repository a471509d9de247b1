//! The site as files: what it says, rendered, published, read by Jekyll.

mod around;
mod atom;
mod calendar_reader;
mod charts;
mod compressed;
mod dashboard;
mod examples;
mod faces;
mod faults;
mod golden;
mod hostile;
mod jekyll;
mod look;
mod model;
mod own_outputs;
mod previews;
mod privacy;
mod publish;
pub mod sample;
mod stage;
mod templates;
