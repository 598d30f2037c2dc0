//! How instances are connected: `interfaces`, and what `show` says of it.

mod choice;
mod refused;
mod shown;
mod warm;

use serde_json::Value;

use crate::stage::Stage;

/// The rows of `interfaces` with these arguments.
async fn rows(stage: &Stage, arguments: &[&str]) -> Vec<Value> {
    let rows = stage.json(&[&["interfaces"], arguments].concat()).await;
    rows.as_array().expect("rows").clone()
}

/// The ids of the instances that the rows are of, each once, in their order.
fn instances(rows: &[Value]) -> Vec<String> {
    let ids = rows.iter().map(|row| row["instance_id"].as_str());
    let mut ids: Vec<_> = ids.map(|id| id.expect("an id").to_owned()).collect();
    ids.dedup();
    ids
}
