//! `signalbox key`: makes, lists and revokes API keys. Works whether or not a server is running on the data folder.

use anyhow::Context;
use signalbox_api::keys::Keyring;

use crate::{cli::KeyCommand, clock::machine_now, config::Config, output, wiring};

pub(crate) fn run(config: &Config, command: &KeyCommand) -> anyhow::Result<()> {
    wiring::make_data_folder(&config.data)?;
    let keyring = Keyring::open(config.keys_file())?;
    match command {
        KeyCommand::Create { label, role } => {
            let (stored, key) = keyring.create(label, (*role).into(), machine_now())?;
            output::warning(format_args!(
                "key {} for {label:?} with the role {}; it is shown this once:",
                stored.id,
                stored.role.as_str()
            ))?;
            output::line(format_args!("{key}"))
        }
        KeyCommand::List => {
            let keys = keyring.list()?;
            if keys.is_empty() {
                return output::warning(format_args!("there are no keys"));
            }
            output::line(format_args!(
                "{:<12}  {:<6}  {:<24}  label",
                "id", "role", "made"
            ))?;
            for key in keys {
                output::line(format_args!(
                    "{:<12}  {:<6}  {:<24}  {}",
                    key.id,
                    key.role.as_str(),
                    key.created_at.to_string(),
                    key.label
                ))?;
            }
            Ok(())
        }
        KeyCommand::Revoke { id } => {
            keyring
                .revoke(id)
                .with_context(|| format!("revoking {id}"))?;
            output::line(format_args!("key {id} is revoked"))
        }
    }
}
