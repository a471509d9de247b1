//! The program: parses arguments, makes one call for each command, prints what went wrong,
//! and ends with 0 (done), 1 (failed), or 2 (usage or settings).

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result};
use clap::Parser;
use lookout::cli::{self, Cli, Command};
use lookout::commands::serve::Extras;
use lookout::commands::{
    backup, build, check, demo, export, forget, import, init, intake, notify, print, repair,
    restore, serve, watch,
};
use lookout::config::{self, Environment, Settings, SettingsError, Supervisor};
use lookout::generator::Load;
use lookout::server::Signals;
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

/// Keeps names and secrets out of core dumps, and away from debuggers of the same user. Where the
/// system cannot, it works all the same.
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
    match cli.command {
        Command::Init(args) => init::run(&args, &mut io::stderr())?,
        Command::Serve(args) => {
            let extras = extras(args, cli.config.clone(), env);
            until_signalled(|signals| Ok(serve::run(load()?, extras, supervisor()?, signals)))?;
        }
        Command::Intake => {
            until_signalled(|signals| Ok(intake::run(load()?, supervisor()?, signals)))?;
        }
        Command::Watch(args) => {
            let extras = extras(args, cli.config.clone(), env);
            until_signalled(|signals| Ok(watch::run(load()?, extras, supervisor()?, signals)))?;
        }
        Command::Notify(args) if args.test => {
            let all_well = runtime()?.block_on(notify::test(&load()?, &mut out))?;
            return Ok(exit(all_well));
        }
        Command::Notify(_) => {
            let again = reading(cli.config.clone(), env);
            until_signalled(|signals| Ok(notify::run(load()?, again, supervisor()?, signals)))?;
        }
        Command::Build(args) => build(load()?, args, &mut out)?,
        Command::Check(args) => return check(&load()?, args.depth(), &mut out),
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
        Command::Print(what) => print::run(&what, cli.config.as_deref(), env, &mut out)?,
        Command::Backup(args) => backup::run(&load()?, &args.to)?,
        Command::Repair(args) => repair::run(&load()?, args.from.as_deref(), runtime()?.handle())?,
        Command::Restore(args) => restore::run(&load()?, &args.from)?,
        Command::Forget(args) => {
            let (notes, answer) = (&mut io::stderr(), &mut io::stdin().lock());
            forget::run(load()?, &args, runtime()?.handle(), notes, answer)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Runs a command that ends on SIGTERM or SIGINT. Both are caught before anything else
/// happens, so that a signal during the start stops the command as orderly as a later one.
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
    // A thread that still waits on a runtime panics when that is dropped. The process ends anyway.
    std::mem::forget(runtime);
    outcome
}

/// What `serve` and `watch` do besides; the settings are read again when they change.
fn extras(args: cli::Watching, file: Option<PathBuf>, env: &Environment) -> Extras {
    Extras { load: Some(reading(file, env)), preview: args.preview }
}

fn reading(file: Option<PathBuf>, env: &Environment) -> Load {
    let env = env.clone();
    Arc::new(move || config::load(file.as_deref(), &env))
}

fn build(mut settings: Settings, args: cli::Build, out: &mut impl Write) -> Result<()> {
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

fn check(settings: &Settings, depth: check::Depth, out: &mut impl Write) -> Result<ExitCode> {
    let context = check::Context { settings, now: clock::now() };
    Ok(exit(check::run(&context, depth, out)?))
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
    // Whoever reads the results may stop early, as `head` does.
    if error.downcast_ref().is_some_and(|io: &io::Error| io.kind() == io::ErrorKind::BrokenPipe) {
        return ExitCode::FAILURE;
    }
    // There is nobody left to tell where stderr is closed.
    drop(writeln!(io::stderr(), "lookout: {error:#}"));
    let usage = error.chain().any(|cause| cause.is::<SettingsError>());
    ExitCode::from(if usage { 2 } else { 1 })
}
