//! Commands that the README and the guide tell people to type.

use clap::{Arg, Command, CommandFactory};
use lookout::cli::Cli;

use super::{Document, assert_none, documents};

/// Options of other programs that the pages name on their own.
const OTHERS: &[&str] = &["--full", "--health-cmd", "--icf", "--incremental", "--quick"];

#[test]
fn each_command_and_option_exists() {
    let cli = cli();
    let mut problems = Vec::new();
    for document in documents().values() {
        for line in document.command_lines() {
            let found = invocations(line, &cli).into_iter().filter_map(|words| {
                let problem = problem(&cli, &words)?;
                Some(format!("{}: `{line}`: {problem}", document.path.display()))
            });
            problems.extend(found);
        }
    }
    assert_none(&problems);
}

#[test]
fn each_option_named_alone_exists() {
    let cli = cli();
    let mut problems = Vec::new();
    for document in documents().values() {
        for span in document.spans.iter().filter(|span| span.starts_with("--")) {
            let name = span.split([' ', '=']).next().unwrap_or_default();
            if !OTHERS.contains(&name) && !is_option(&cli, name) {
                let path = document.path.display();
                problems.push(format!("{path}: no command has the option `{name}`"));
            }
        }
    }
    assert_none(&problems);
}

#[test]
fn the_page_of_commands_names_every_command() {
    let page = Document::read("src/guide/commands.md");
    let is_named = |command: &str| {
        let text = format!("lookout {command}");
        page.spans.iter().any(|span| *span == text || span.starts_with(&format!("{text} ")))
    };
    let mut missing = Vec::new();
    for command in cli().get_subcommands() {
        let below =
            command.get_subcommands().map(|c| format!("{} {}", command.get_name(), c.get_name()));
        let below: Vec<_> = below.collect();
        let names = if below.is_empty() { vec![command.get_name().to_owned()] } else { below };
        missing.extend(names.into_iter().filter(|name| !is_named(name)));
    }
    assert!(missing.is_empty(), "src/guide/commands.md lacks {missing:?}");
}

#[test]
fn a_wrong_command_line_is_noticed() {
    #[rustfmt::skip]
    let cases = [
        // what is special             line                                                  noticed
        ("a command",                  "lookout build",                                      None),
        ("after sudo, into a pipe",    "sudo lookout print nginx --http | sudo tee FILE",    None),
        ("several values",             "lookout print nginx --behind 192.0.2.1 192.0.2.2",   None),
        ("a placeholder",              "lookout COMMAND --help",                             None),
        ("another program's argument", "sudo systemctl restart lookout",                     None),
        ("without the program",        "watch --preview",                                    None),
        ("no such command",            "sudo lookout biuld",                                 Some("`biuld`")),
        ("no such thing to print",     "lookout print apache",                               Some("`apache`")),
        ("no such option",             "lookout check && lookout build --fast",              Some("`--fast`")),
        ("an option of another one",   "serve --replay",                                     Some("`--replay`")),
        ("no such short option",       "lookout -x build",                                   Some("`-x`")),
        ("no such value",              "lookout export --from cellar",                       Some("`cellar`")),
        ("an argument too many",       "lookout check lookout.toml",                         Some("`lookout.toml`")),
    ];
    let cli = cli();
    for (what, line, noticed) in cases {
        let found: Vec<_> =
            invocations(line, &cli).iter().filter_map(|words| problem(&cli, words)).collect();
        match noticed {
            None => assert!(found.is_empty(), "{what}: {found:?}"),
            Some(word) => {
                assert!(found.iter().any(|text| text.contains(word)), "{what}: {found:?}")
            }
        }
    }
}

fn cli() -> Command {
    let mut cli = Cli::command().disable_help_subcommand(true);
    // Options of `lookout` itself are then options of each command.
    cli.build();
    cli
}

/// What follows `lookout` in each command of a line, and lines that begin with a command of ours.
fn invocations<'l>(line: &'l str, cli: &Command) -> Vec<Vec<&'l str>> {
    let mut found = Vec::new();
    for command in line.split(['|', ';', '&', '>']) {
        let is_before = |word: &&str| *word == "sudo" || word.contains('=');
        let words: Vec<_> = command.split_whitespace().skip_while(is_before).collect();
        match words.split_first() {
            Some((&"lookout", rest)) => found.push(rest.to_vec()),
            Some((first, [_, ..])) if cli.find_subcommand(first).is_some() => found.push(words),
            _ => {}
        }
    }
    found
}

/// What is wrong with the words after `lookout`.
fn problem(cli: &Command, words: &[&str]) -> Option<String> {
    let mut command = cli;
    let mut words = words.iter().map(|word| word.trim_matches(['[', ']', '"', '\''])).peekable();
    while let Some(word) = words.next() {
        if word.starts_with('-') && word != "-" {
            let (name, value) = word.split_once('=').map_or((word, None), |(n, v)| (n, Some(v)));
            let Some(option) = option(command, name) else {
                return Some(format!("`{}` has no option `{name}`", command.get_name()));
            };
            let most = option.get_num_args().map_or(0, |number| number.max_values());
            let following = std::iter::from_fn(|| words.next_if(|word| !word.starts_with('-')));
            let taken = if value.is_some() { 0 } else { most };
            let values: Vec<_> = value.into_iter().chain(following.take(taken)).collect();
            if let Some(wrong) = values.iter().find(|value| !may_be(option, value)) {
                return Some(format!("`{name}` cannot be `{wrong}`"));
            }
        } else if let Some(below) = command.find_subcommand(word) {
            command = below;
        } else if command.get_positionals().next().is_none() && !is_placeholder(word) {
            return Some(format!("`{}` takes no `{word}`", command.get_name()));
        }
    }
    None
}

fn option<'c>(command: &'c Command, name: &str) -> Option<&'c Arg> {
    let long = name.strip_prefix("--");
    let short = name.strip_prefix('-').and_then(|rest| rest.chars().next());
    command.get_arguments().find(|arg| match long {
        Some(long) => arg.get_long() == Some(long),
        None => arg.get_short().is_some() && arg.get_short() == short,
    })
}

fn is_option(command: &Command, name: &str) -> bool {
    option(command, name).is_some() || command.get_subcommands().any(|below| is_option(below, name))
}

fn may_be(option: &Arg, value: &str) -> bool {
    let known = option.get_possible_values();
    known.is_empty() || is_placeholder(value) || known.iter().any(|one| one.get_name() == value)
}

/// Whether a word stands for what is to be typed, such as `FILE`.
fn is_placeholder(word: &str) -> bool {
    word.chars().all(|letter| letter.is_uppercase() || !letter.is_alphabetic())
}
