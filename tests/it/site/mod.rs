//! The site as files: what it says, rendered, published, read by Jekyll.

mod around;
mod atom;
mod charts;
mod compressed;
mod dashboard;
mod faces;
mod faults;
mod golden;
mod hostile;
mod jekyll;
mod look;
mod model;
mod previews;
mod privacy;
mod publish;
mod sample;
mod stage;
mod templates;
