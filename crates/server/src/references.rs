//! The pages of `docs/reference/`, written out of the code: `make docs` writes them, a test tells when they are stale.

use std::fmt::Write as _;

use clap::{Arg, Command, CommandFactory};

use crate::cli::Cli;

/// Every generated page: its file name in `docs/reference/`, and its text.
///
/// # Errors
/// The OpenAPI document cannot be written as JSON.
pub fn pages() -> serde_json::Result<Vec<(&'static str, String)>> {
    let openapi = serde_json::to_string_pretty(&millrace_api::openapi())? + "\n";
    Ok(vec![("cli.md", cli()), ("config.md", config()), ("openapi.json", openapi)])
}

const NOTE: &str = "<!-- Written by `make docs`; changes belong into crates/server/src. -->\n\n";

fn cli() -> String {
    let mut command = Cli::command();
    command.build();
    let mut page = format!("{NOTE}# The command line\n\n{}\n\n", about(&command));
    page += "Every flag of the server is also a `MILLRACE_` variable and, but for `--config`, a key of ";
    page += "[`millrace.toml`](config.md); a flag goes before a variable, and a variable before the file.\n";
    let serve = command.find_subcommand("serve").map(arguments).unwrap_or_default();
    for verb in command.get_subcommands().filter(|verb| verb.get_name() != "help") {
        let _ = write!(page, "\n## millrace {}\n\n{}\n", verb.get_name(), about(verb));
        let all = arguments(verb);
        let serves = verb.get_name() != "serve" && serve.iter().all(|arg| holds(&all, arg));
        let own: Vec<_> = all.into_iter().filter(|arg| !serves || !holds(&serve, arg)).collect();
        if serves {
            page += "It takes every flag of `millrace serve`";
            page += if own.is_empty() { ".\n" } else { " as well.\n" };
        }
        table(&mut page, &own);
    }
    page
}

fn table(page: &mut String, arguments: &[&Arg]) {
    if arguments.is_empty() {
        return;
    }
    *page += "\n| argument | variable | what |\n|---|---|---|\n";
    for arg in arguments {
        let variable = arg.get_env().map_or_else(String::new, |name| format!("`{}`", name.to_string_lossy()));
        let _ = writeln!(page, "| `{}` | {variable} | {} |", usage(arg), what(arg));
    }
}

fn config() -> String {
    let mut page = format!("{NOTE}# millrace.toml\n\n");
    page += "Read from the working directory, or from where `--config` says. Everything is optional; a key that is not ";
    page += "listed here is an error. The flags and `MILLRACE_` variables of `millrace serve` go before the file.\n\n";
    page += "| key | type | flag | what |\n|---|---|---|---|\n";
    for arg in settings(&Cli::command()) {
        let (key, flag, kind) = (arg.get_id(), arg.get_long().unwrap_or_default(), kind(arg));
        let _ = writeln!(page, "| `{key}` | {kind} | `--{flag}` | {} |", what(arg));
    }
    page += "\n```toml\n# A server that others reach.\ndata_dir = \"/var/lib/millrace\"\nhttps = \"0.0.0.0:8443\"\n";
    page += "http = \"0.0.0.0:8080\"\nblob = \"0.0.0.0:10000\"\nhost_name = \"media.example.com\"\nencoders = 2\n```\n";
    page
}

/// The arguments of a verb, but for the help that each has.
fn arguments(verb: &Command) -> Vec<&Arg> {
    verb.get_arguments().filter(|arg| arg.get_id() != "help").collect()
}

fn holds(arguments: &[&Arg], arg: &Arg) -> bool {
    arguments.iter().any(|other| other.get_id() == arg.get_id())
}

/// The arguments of `serve` that are keys of the file.
fn settings(command: &Command) -> Vec<&Arg> {
    let serve = command.find_subcommand("serve").map(arguments).unwrap_or_default();
    serve.into_iter().filter(|arg| arg.get_id() != "config").collect()
}

fn about(command: &Command) -> String {
    command
        .get_about()
        .map(|about| format!("{}.", about.to_string().trim_end_matches('.')))
        .unwrap_or_default()
}

fn usage(arg: &Arg) -> String {
    let value = arg.get_value_names().and_then(|names| names.first()).map_or("", |name| name.as_str());
    match arg.get_long() {
        Some(flag) if is_switch(arg) => format!("--{flag}"),
        Some(flag) => format!("--{flag} <{value}>"),
        None => format!("<{value}>"),
    }
}

/// A flag that says yes by being there.
fn is_switch(arg: &Arg) -> bool {
    !arg.get_action().takes_values() || arg.get_num_args().is_some_and(|count| count.min_values() == 0)
}

/// Its help in one cell; a default that clap knows is said as the others are.
fn what(arg: &Arg) -> String {
    let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
    let default = arg.get_default_values().first().filter(|_| !is_switch(arg));
    let default =
        default.map_or_else(String::new, |value| format!(" [default: {}]", value.to_string_lossy()));
    format!("{help}{default}").replace('|', "\\|").replace('\n', " ")
}

fn kind(arg: &Arg) -> &'static str {
    match arg.get_id().as_str() {
        "encoders" => "integer",
        _ if is_switch(arg) => "boolean",
        _ => "string",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Settings;
    use std::path::Path;

    /// The names of pages whose file in `dir` is not what the code says.
    fn stale(dir: &Path) -> Vec<&'static str> {
        let pages = pages().unwrap().into_iter();
        let differs =
            |name, text: &str| std::fs::read_to_string(dir.join(name)).ok().as_deref() != Some(text);
        pages.filter(|(name, text)| differs(*name, text)).map(|(name, _)| name).collect()
    }

    #[test]
    fn the_references_are_those_of_this_code() {
        let dir = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/reference"));
        assert_eq!(stale(dir), Vec::<&str>::new(), "run `make docs` and commit docs/reference");
    }

    #[test]
    fn a_stale_page_is_seen() {
        let dir = tempfile::tempdir().unwrap();
        for (name, text) in pages().unwrap() {
            std::fs::write(dir.path().join(name), text).unwrap();
        }
        assert_eq!(stale(dir.path()), Vec::<&str>::new());
        std::fs::write(dir.path().join("cli.md"), "old").unwrap();
        assert_eq!(stale(dir.path()), ["cli.md"]);
    }

    #[test]
    fn every_key_of_the_page_is_one_and_has_its_type() {
        let command = Cli::command();
        let refusal = |text: &str| toml::from_str::<Settings>(text).err().map(|error| error.to_string());
        for arg in settings(&command) {
            let value = match kind(arg) {
                "integer" => "1",
                "boolean" => "true",
                _ if arg.get_help().is_some_and(|help| help.to_string().contains("127.0.0.1")) => {
                    "\"[::1]:0\""
                }
                _ => "\"text\"",
            };
            assert_eq!(refusal(&format!("{} = {value}", arg.get_id())), None);
        }
        assert!(refusal("config = \"x\"").unwrap().contains("unknown field"));
    }

    #[test]
    fn the_example_of_the_page_is_accepted() {
        let page = config();
        let example = page.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
        assert_eq!(toml::from_str::<Settings>(example).unwrap().encoders, Some(2));
    }
}
