//! The CSV in a real Jekyll: `apt-get install -y jekyll`.

use std::fs;
use std::process::Command;

use lookout::site::{Renderer, Replace, build};
use tempfile::TempDir;

use super::hostile;
use super::sample::{self, Does, edition, person, presence, settings};

/// The page of the guide's recipe: what is shown there is what is tried here.
fn recipe() -> String {
    let guide = include_str!("../../../src/guide/jekyll.md");
    let (_, page) = guide.split_once("```html\n").expect("it shows a page");
    page.split("```").next().expect("it ends").to_owned()
}

#[test]
fn jekyll_renders_every_row_whatever_people_are_called() {
    let directory = TempDir::new().expect("a temporary directory");
    let source = directory.path().join("jekyll");
    fs::create_dir_all(source.join("_data")).expect("it can be made");
    fs::write(source.join("room.html"), recipe()).expect("it can be written");
    let mut settings = settings(directory.path());
    settings.csv.copies = vec![source.join("_data/zoom-room-dashboard.csv")];

    let hostile = hostile::names();
    let people = hostile.iter().map(|(_, name)| person(name).stays_from("2026-01-05T17:00:00Z"));
    let renderer = Renderer::load(&settings).expect("the built-in templates load");
    build(&renderer, &presence(people.collect()), &settings, &edition(1), Replace::NotNewer)
        .expect("it builds");

    let jekyll = Command::new("jekyll")
        .args(["build", "--disable-disk-cache", "--source"])
        .arg(&source)
        .arg("--destination")
        .arg(directory.path().join("out"))
        .output()
        .expect("jekyll runs; `apt-get install -y jekyll`");
    assert!(jekyll.status.success(), "{}", String::from_utf8_lossy(&jekyll.stderr));
    let page =
        fs::read_to_string(directory.path().join("out/room.html")).expect("Jekyll made the page");
    assert_eq!(page.matches("<tr>").count(), hostile.len() + 1, "a row for each: {page}");
    assert!(page.contains("<th>Username</th>") && page.contains("font-awesome"), "{page}");
    assert_eq!(page.matches("<td>").count(), 4 * hostile.len(), "four cells in each: {page}");
    assert_eq!(page.matches("fa-toggle-on").count(), hostile.len());
    for (what, name) in hostile {
        let escaped = sample::name(&name)
            .as_str()
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;")
            .replace('"', "&quot;")
            .replace('\'', "&#39;");
        assert!(page.contains(&format!("<td>{escaped}</td>")), "{what}: {escaped} in {page}");
    }
}

#[test]
fn jekyll_publishes_no_data_of_its_own_so_the_path_is_the_web_servers() {
    let directory = TempDir::new().expect("a temporary directory");
    let source = directory.path().join("jekyll");
    fs::create_dir_all(source.join("_data")).expect("it can be made");
    fs::write(source.join("room.html"), recipe()).expect("it can be written");
    let table = "\"Username\",\"Status\",\"Last Join\",\"Last Left\"\n";
    fs::write(source.join("_data/zoom-room-dashboard.csv"), table).expect("it can be written");
    let out = directory.path().join("out");
    let status = Command::new("jekyll")
        .args(["build", "--quiet", "--disable-disk-cache", "--source"])
        .arg(&source)
        .arg("--destination")
        .arg(&out)
        .status();
    assert!(status.expect("jekyll runs; `apt-get install -y jekyll`").success());
    assert!(out.join("room.html").exists() && !out.join("_data").exists());
}
