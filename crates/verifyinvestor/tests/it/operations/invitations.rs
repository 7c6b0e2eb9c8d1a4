//! Invitations of investors who have no account yet.

use accredit_verifyinvestor::{Invitation, InvitationType, NewInvitation};

use super::Issuer;

fn investors() -> [NewInvitation; 2] {
    let stranger = NewInvitation::new("new@example.com", InvitationType::Ai);
    [
        stranger.suggested_legal_name("New One"),
        NewInvitation::new("violet.howard@example.com", InvitationType::Ai),
    ]
}

async fn invited(issuer: &Issuer) -> Vec<Invitation> {
    let create = issuer.client.invitations().create(investors());
    let answer = create.send().await.unwrap();
    answer.verification_request_invitations
}

#[tokio::test]
async fn list() {
    let issuer = Issuer::new().await;
    let invited = invited(&issuer).await;
    let answer = issuer.client.invitations().list().send().await.unwrap();
    let mut listed: Vec<_> = answer
        .verification_request_invitations
        .iter()
        .map(|invitation| invitation.id)
        .collect();
    listed.sort_unstable();
    assert_eq!(listed, [invited[0].id, invited[1].id]);
    issuer.answered("invitations.list").await;
}

#[tokio::test]
async fn create() {
    let issuer = Issuer::new().await;
    let invitations = issuer.client.invitations();
    let answer = invitations.create(investors()).send().await.unwrap();
    let invited = answer.verification_request_invitations;
    assert_eq!(invited.len(), 2);
    let stranger = invited[0].suggested_legal_name.as_ref().unwrap();
    assert_eq!(stranger.expose(), "New One");
    assert_eq!(invited[0].verification_request_id, None);
    assert!(invited[1].verification_request_id.is_some());
    issuer.answered("invitations.create").await;
}

#[tokio::test]
async fn retrieve() {
    let issuer = Issuer::new().await;
    let invited = invited(&issuer).await;
    let invitations = issuer.client.invitations();
    let stranger = invitations.retrieve(invited[0].id).send().await.unwrap();
    assert_eq!(stranger.verification_request, None);
    let known = invitations.retrieve(invited[1].id).send().await.unwrap();
    let request = known.verification_request.unwrap();
    assert_eq!(Some(request.id), invited[1].verification_request_id);
    issuer.answered("invitations.retrieve").await;
}
