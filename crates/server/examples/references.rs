//! Writes the generated references into the folder that is named: what `make docs` runs.

use std::path::PathBuf;

use anyhow::{Context, Result};

fn main() -> Result<()> {
    let dir: PathBuf = std::env::args_os().nth(1).context("say which folder")?.into();
    std::fs::create_dir_all(&dir)?;
    for (name, text) in millrace_server::references::pages()? {
        std::fs::write(dir.join(name), text)?;
    }
    Ok(())
}
