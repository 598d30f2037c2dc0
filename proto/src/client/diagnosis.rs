//! Questions about what does not work.

use super::Client;
use crate::domain::{Caller, Diagnosis, Error};
use crate::wire;
use crate::wire::diagnosis_client::DiagnosisClient;

impl Client {
    /// What the caller's AWS settings come to, asked of AWS at this moment. By this
    /// client's deadline it answers with what is known by then.
    ///
    /// # Errors
    ///
    /// As [`Client::hello`]; what is wrong with the settings is no error.
    pub async fn diagnose(&self, caller: &Caller) -> Result<Diagnosis, Error> {
        let request = self.request(wire::DiagnoseAwsRequest {
            caller: Some(caller.into()),
        });
        let mut client = DiagnosisClient::with_origin(self.channel.clone(), self.channel.origin())
            .max_decoding_message_size(super::MAX_MESSAGE);
        let answer = self.call(client.diagnose_aws(request)).await?;
        Ok(answer.into())
    }
}
