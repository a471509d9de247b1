//! The program: parses arguments, makes one call for each command, prints errors, and exits with
//! 0 (done), 1 (failed), or 2 (usage or settings).

use std::error::Error;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result};
use clap::{CommandFactory, Parser};
use lookout::app::Options;
use lookout::cli::{self, Cli, Command};
use lookout::commands::arguments::UsageError;
use lookout::commands::print::schema;
use lookout::commands::{
    backup, build, check, demo, end, export, forget, guide, import, init, intake, notify, print,
    repair, restore, serve, visits, watch, who,
};
use lookout::config::{self, Environment, Settings, SettingsError, Supervisor};
use lookout::generator::Load;
use lookout::shutdown::Signals;
use lookout::telemetry::logging;
use lookout::time::clock;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let env = Environment::from_process();
    logging::init(&cli.verbosity, cli.log_format, &env);
    forbid_dumps();
    match run(cli, &env) {
        Ok(code) => code,
        Err(error) => fail(&error),
    }
}

/// Keeps names and secrets out of core dumps, and away from debuggers of the same user, if the
/// system supports that.
#[cfg(target_os = "linux")]
fn forbid_dumps() {
    if let Err(error) = nix::sys::prctl::set_dumpable(false) {
        tracing::debug!("cannot forbid core dumps: {error}");
    }
}

#[cfg(not(target_os = "linux"))]
fn forbid_dumps() {}

fn run(cli: Cli, env: &Environment) -> Result<ExitCode> {
    let load = || config::load(cli.config.as_deref(), env);
    let mut out = io::stdout().lock();
    let notes = &mut io::stderr();
    match cli.command {
        Command::Init(args) => init::run(&args, notes)?,
        Command::Serve(args) => {
            let options = options(args, cli.config.clone(), env);
            until_signalled(|signals| Ok(serve::run(load()?, options, supervisor()?, signals)))?;
        }
        Command::Intake => {
            until_signalled(|signals| Ok(intake::run(load()?, supervisor()?, signals)))?;
        }
        Command::Watch(args) => {
            let options = options(args, cli.config.clone(), env);
            until_signalled(|signals| Ok(watch::run(load()?, options, supervisor()?, signals)))?;
        }
        Command::Notify(args) if args.test => {
            let all_well = runtime()?.block_on(notify::test(&load()?, &mut out))?;
            return Ok(exit(all_well));
        }
        Command::Notify(_) => {
            let again = reading(cli.config.clone(), env);
            until_signalled(|signals| Ok(notify::run(load()?, again, supervisor()?, signals)))?;
        }
        Command::Build(args) => build(load, args, &mut out)?,
        Command::Check(args) if args.wait => {
            let load = reading(cli.config.clone(), env);
            let well = until_signalled(|signals| Ok(check::wait::run(load, signals, &mut out)))?;
            return Ok(exit(well));
        }
        Command::Check(args) => return check(&load()?, &args, &mut out),
        Command::Demo(args) if args.once => demo::once(args.seed, &mut out)?,
        Command::Demo(args) => {
            until_signalled(|signals| Ok(demo::run(args.seed, args.listen, signals, &mut out)))?;
        }
        Command::Import(args) => {
            import::run(&load()?, &args.from, cli.verbosity.quiet)?;
        }
        Command::Export(args) => {
            export::run(&load()?, args.from, args.what(), runtime()?.handle(), &mut out)?;
        }
        Command::Who(args) => who::run(&load()?, args, runtime()?.handle(), &mut out, notes)?,
        Command::Visits(args) => {
            visits::run(&load()?, &args, runtime()?.handle(), &mut out, notes)?
        }
        Command::End(args) => end::run(&load()?, &args, runtime()?.handle(), notes)?,
        Command::Print(what) => {
            let command = Cli::command();
            print::run(&what, cli.config.as_deref(), env, command, &mut out)?;
        }
        Command::Backup(args) => backup::run(&load()?, &args.to)?,
        Command::Repair(args) => repair::run(&load()?, args.from.as_deref(), runtime()?.handle())?,
        Command::Restore(args) => restore::run(&load()?, &args.from)?,
        Command::Forget(args) => {
            let answer = &mut io::stdin().lock();
            forget::run(load()?, &args, runtime()?.handle(), notes, answer)?;
        }
        Command::Guide(args) => guide::run(&args, &mut out)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Runs a command until SIGTERM or SIGINT. Both are caught first, so that a signal during the start
/// stops the command in the same order as a later one.
fn until_signalled<T, F>(command: impl FnOnce(Signals) -> Result<F>) -> Result<T>
where
    F: Future<Output = Result<T>>,
{
    let runtime = runtime()?;
    let signals = {
        let _entered = runtime.enter();
        Signals::install().context("cannot catch SIGTERM and SIGINT")?
    };
    let outcome = runtime.block_on(command(signals)?);
    // A thread that still waits on the runtime would panic if it were dropped. The process ends anyway.
    std::mem::forget(runtime);
    outcome
}

/// Options of `serve` and `watch`; the settings are read again when they change.
fn options(args: cli::Watching, file: Option<PathBuf>, env: &Environment) -> Options {
    Options { load: Some(reading(file, env)), preview: args.preview }
}

fn reading(file: Option<PathBuf>, env: &Environment) -> Load {
    let env = env.clone();
    Arc::new(move || config::load(file.as_deref(), &env))
}

fn build(
    load: impl FnOnce() -> Result<Settings, SettingsError>,
    args: cli::Build,
    out: &mut impl Write,
) -> Result<()> {
    if args.schema {
        return Ok(out.write_all(schema::schema(schema::Subject::Model)?.as_bytes())?);
    }
    let mut settings = load()?;
    if let Some(output_dir) = args.output_dir {
        settings.site.output_dir = output_dir;
        settings.refuse_overlaps()?;
    }
    let from = match (args.at, args.replay) {
        (Some(moment), _) => build::From::Past(moment),
        (None, true) => build::From::Start,
        (None, false) => build::From::Store,
    };
    if args.model {
        return build::print_model(settings, from, runtime()?.handle(), out);
    }
    let summary = build::run(settings, from, runtime()?.handle())?;
    if args.json {
        writeln!(out, "{}", serde_json::to_string(&summary)?)?;
    } else {
        tracing::info!("{summary}");
    }
    Ok(())
}

fn check(settings: &Settings, args: &cli::Check, out: &mut impl Write) -> Result<ExitCode> {
    if args.alive {
        return Ok(exit(check::alive(settings, out)?));
    }
    let context = check::Context { settings, now: clock::now() };
    Ok(exit(check::run(&context, args.depth(), out)?))
}

fn supervisor() -> Result<Supervisor> {
    Supervisor::from_process().context("cannot take over the socket that systemd holds")
}

fn exit(well: bool) -> ExitCode {
    if well { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn runtime() -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")
}

fn fail(error: &anyhow::Error) -> ExitCode {
    // The reader of the output may stop early, as `head` does.
    if error.downcast_ref().is_some_and(|io: &io::Error| io.kind() == io::ErrorKind::BrokenPipe) {
        return ExitCode::FAILURE;
    }
    // If stderr is closed, the error can't be reported.
    drop(writeln!(io::stderr(), "lookout: {error:#}"));
    let usage =
        |cause: &(dyn Error + 'static)| cause.is::<SettingsError>() || cause.is::<UsageError>();
    let usage = error.chain().any(usage);
    ExitCode::from(if usage { 2 } else { 1 })
}
