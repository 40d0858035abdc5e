//! `tradedeck config`.

use super::{
    open::Context,
    report::{Code, Failure, Report},
    rows,
};
use crate::config::{config_file, validate};
use clap::Subcommand;
use serde_json::Value;
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(super) enum Config {
    /// Name every mistake of the configuration file with its line and what would be right.
    Validate {
        /// The file; the one that would be used where none is named.
        file: Option<PathBuf>,
    },
}

pub(super) fn run(context: &Context, config: &Config) -> Result<Report, Failure> {
    let Config::Validate { file } = config;
    let found = match file {
        Some(file) => Some((file.clone(), true)),
        None => config_file(&context.flags, &context.env),
    };
    let Some((path, named)) = found else {
        return Err(Failure::usage("there is no home directory; name the file"));
    };
    let name = Value::from(path.display().to_string());
    if !named && path.symlink_metadata().is_err() {
        let document =
            rows::object([("file", name), ("exists", false.into()), ("errors", Value::Array(Vec::new()))]);
        let text = format!(
            "{} is not there; every key has its default (`tradedeck init` writes it)\n",
            path.display()
        );
        return Ok(Report::done(document, text));
    }
    let errors: Vec<String> = match validate(&path, &context.env) {
        Ok(config) => {
            let scripts = crate::runtime::mistakes_of_scripts(&config);
            let scripts = scripts.iter().map(ToString::to_string);
            scripts.chain(crate::runtime::settings::mistakes(&config)).collect()
        }
        Err(errors) => errors.iter().map(ToString::to_string).collect(),
    };
    let document = rows::object([("file", name), ("exists", true.into()), ("errors", errors.clone().into())]);
    if errors.is_empty() {
        return Ok(Report::done(document, format!("{} is good\n", path.display())));
    }
    Ok(Report { code: Code::Usage, document, text: String::new(), note: Some(errors.join("\n")) })
}
