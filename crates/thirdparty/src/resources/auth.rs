//! Login and logout.

use accredit_models::thirdparty::Login;
use accredit_transport::{CallOptions, Error};

use super::handle;
use crate::operations::auth::{Logout, Logoutall};

handle! {
    /// Login and logout. A client logs in by itself; these are for those who want to see it happen.
    Auth
}

impl Auth {
    /// Logs in now and keeps the token for the calls to come.
    ///
    /// `POST /api_third_party/auth/login/`
    ///
    /// ```no_run
    /// # async fn example(client: accredit_thirdparty::Client) -> Result<(), accredit_thirdparty::Error> {
    /// let login = client.auth().login().await?;
    /// println!("good until {}", login.expiry);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The service's refusal, which is a 400 or a 401 with wrong credentials: `is_unauthorized()` holds for both.
    pub async fn login(&self) -> Result<Login, Error> {
        let lease = self.client.session().log_in().await?;
        let login = lease.answer::<Login>().cloned();
        login.ok_or_else(|| Error::auth("the login gave no answer"))
    }

    /// Ends this session: the server deletes the token, and the client forgets it. Without a session nothing is sent.
    ///
    /// `POST /api_third_party/auth/logout/`
    ///
    /// ```no_run
    /// # async fn example(client: accredit_thirdparty::Client) -> Result<(), accredit_thirdparty::Error> {
    /// client.auth().logout().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Call::send`](crate::Call::send). The token is kept then, unless the server does not know it any more (401). A 401
    /// to a repetition, after an answer that did not come, is no error: that session is over.
    pub async fn logout(&self) -> Result<(), Error> {
        let session = self.client.session();
        let Some(token) = session.current() else {
            return Ok(());
        };
        // This token and no other: not one that is got on the way, only to be ended.
        let options = CallOptions::new().token(token.clone());
        let ended = self.client.execute_with(&Logout, &options).await;
        if ended.as_ref().is_err_and(|error| !error.is_unauthorized()) {
            return ended;
        }
        session.forget(&token);
        match ended {
            // A repetition: the token is gone, as it should be, and only the answer that said so was lost.
            Err(error) if error.attempts() > 1 => Ok(()),
            ended => ended,
        }
    }

    /// Ends all sessions of the account, those of other programs too. Logs in first where there is no session, since the
    /// service takes this from a session only.
    ///
    /// `POST /api_third_party/auth/logoutall/`
    ///
    /// ```no_run
    /// # async fn example(client: accredit_thirdparty::Client) -> Result<(), accredit_thirdparty::Error> {
    /// client.auth().logout_all().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Call::send`](crate::Call::send). The token is kept then, unless the server does not know it any more (401).
    ///
    /// After an answer that did not come the call is repeated, with a new login where this session is over already. With a
    /// token of your own there is none: then the repetition fails with the 401, since that this session is over is no proof
    /// that the others are.
    #[doc(alias = "logoutall")]
    pub async fn logout_all(&self) -> Result<(), Error> {
        self.client.execute(&Logoutall).await?;
        self.client.session().forget_all();
        Ok(())
    }
}
