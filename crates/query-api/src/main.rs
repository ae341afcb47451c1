//! The HTTP API.

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut refused = false;
    let code = runtime::run(&runtime::program!(), async |context| {
        let ended = query_api::run(context).await;
        refused = ended.as_ref().is_err_and(anyhow::Error::is::<runtime::SettingsError>);
        ended
    });
    if refused { ExitCode::from(query_api::BAD_SETTINGS) } else { code }
}
