//! Several machines that could send to the same chat.

use lookout::time::moment::Moment;

use super::deliver;
use crate::support::Lookout;
use crate::support::chat::{Answer, Chat};
use crate::support::lookout::{now, until};
use crate::support::mongod::Mongod;

fn joins(name: &str) -> String {
    super::body("joined", "m1", name, &Moment::from_seconds(now()).to_string())
}

#[test]
fn of_two_machines_one_tells_and_the_other_goes_on_when_it_is_killed() {
    let (mut mongod, chat) = (Mongod::alone(), Chat::mattermost());
    let target = format!("[[notify]]\nkind = \"mattermost\"\nurl = \"{}\"\n", chat.hook());
    let settings = format!("{}{target}", mongod.settings());
    let mut intake = Lookout::with_settings(&mongod.settings());
    intake.intake();
    let machine = || {
        let mut machine = Lookout::with_settings(&settings);
        machine.notify();
        machine
    };
    let mut first = machine();
    first.wait_for_chats();
    let second = machine();
    second.wait_for_log("another process sends its messages");
    deliver(&intake, &joins("Ada"));
    chat.wait_for_posts(1);
    // It is killed while a message waits; the other one has to send it.
    chat.always(Answer::Status(503));
    deliver(&intake, &joins("Grace"));
    chat.wait_for_requests(2);
    first.kill();
    chat.always(Answer::Usual);
    assert!((0..3).any(|_| until(|| chat.posts().len() == 2)), "{}", second.log());
    // While MongoDB is away, messages wait, so that none is sent twice.
    mongod.kill();
    deliver(&intake, &joins("Edsger"));
    second.wait_for_log("messages wait");
    assert_eq!(chat.posts().len(), 2);
    mongod.run();
    assert!((0..3).any(|_| until(|| chat.posts().len() == 3)), "{}", second.log());
    let posts = chat.posts();
    for (post, name) in posts.iter().zip(["Ada", "Grace", "Edsger"]) {
        assert!(post.text().contains(name), "{posts:#?}");
    }
}
