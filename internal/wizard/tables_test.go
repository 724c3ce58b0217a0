package wizard_test

// What every event does in every stage. A column is a stage, a row an event; (open) is the step that is open in the
// stage, a cell the step that is open afterwards, or with ! the fault that refuses the event ("wizard." left out).

// From the first page to everything that review needs. Nothing outside can have happened yet.
const answersTable = `
                              nothing        started        application    directory      signin         redirect         received       secret         assigned       dropped
(open)                        start          application    directory      signin         redirect       secret           secret         assign         review         secret
Started                       application    application    directory      signin         redirect       secret           secret         assign         review         secret
Started/two-apps              application    application    application    application    application    application      application    application    application    application
ApplicationCreated            !not-open      directory      directory      signin         redirect       secret           secret         assign         review         secret
DirectoryGiven                !not-open      !not-open      signin         signin         redirect       secret           secret         assign         review         secret
DirectoryGiven/other          !not-open      !not-open      signin         signin         redirect       redirect         redirect       redirect       redirect       redirect
SigninChosen                  !not-open      !not-open      !not-open      redirect       redirect       secret           secret         assign         review         secret
SigninChosen/name             !not-open      !not-open      !not-open      redirect       redirect       secret           secret         assign         review         secret
SigninChosen/scheme           !not-open      !not-open      !not-open      redirect       redirect       redirect         redirect       redirect       redirect       redirect
RedirectAdded                 !not-open      !not-open      !not-open      !not-open      secret         secret           secret         assign         review         secret
SecretReceived                !not-open      !not-open      !not-open      !not-open      !not-open      secret           secret         secret         secret         secret
SecretGiven                   !not-open      !not-open      !not-open      !not-open      !not-open      !secret.missing  assign         assign         review         !secret.missing
SecretChecked/good            !secret-state  !secret-state  !secret-state  !secret-state  !secret-state  !secret-state    secret         assign         review         !secret-state
SecretChecked/bad             !secret-state  !secret-state  !secret-state  !secret-state  !secret-state  !secret-state    secret         secret         secret         !secret-state
SecretChecked/stale           !secret-state  !secret-state  !secret-state  !secret-state  !secret-state  !secret-state    !secret-state  !secret-state  !secret-state  !secret-state
SecretDropped                 start          application    directory      signin         redirect       secret           secret         secret         secret         secret
Assigned                      !not-open      !not-open      !not-open      !not-open      !not-open      !not-open        !not-open      review         review         !not-open
RegistrationIntended/create   !not-open      !not-open      !not-open      !not-open      !not-open      !not-open        !not-open      !not-open      review         !not-open
RegistrationIntended/update   !not-open      !not-open      !not-open      !not-open      !not-open      !not-open        !not-open      !not-open      !not-open      !not-open
RegistrationIntended/adopt    !not-open      !not-open      !not-open      !not-open      !not-open      !not-open        !not-open      !not-open      !not-open      !not-open
RegistrationIntended/remove   start          application    directory      signin         redirect       secret           secret         assign         review         review
RegistrationIntended/unknown  !no-intent     !no-intent     !no-intent     !no-intent     !no-intent     !no-intent       !no-intent     !no-intent     !no-intent     !no-intent
RegistrationDone              !no-intent     !no-intent     !no-intent     !no-intent     !no-intent     !no-intent       !no-intent     !no-intent     !no-intent     !no-intent
RedirectProven                !no-intent     !no-intent     !no-intent     !no-intent     !no-intent     !no-intent       !no-intent     !no-intent     !no-intent     !no-intent
RedirectProven/differs        !no-intent     !no-intent     !no-intent     !no-intent     !no-intent     !no-intent       !no-intent     !no-intent     !no-intent     !no-intent
RegistrationFailed            start          application    directory      signin         redirect       secret           secret         assign         review         secret
RegistrationUnclear           !no-intent     !no-intent     !no-intent     !no-intent     !no-intent     !no-intent       !no-intent     !no-intent     !no-intent     !no-intent
SchemeTaken                   start          application    directory      signin         redirect       secret           secret         assign         review         secret
Removed                       !no-intent     !no-intent     !no-intent     !no-intent     !no-intent     !no-intent       !no-intent     !no-intent     !no-intent     !no-intent
ChangesDiscarded              !no-intent     !no-intent     !no-intent     !no-intent     !no-intent     !no-intent       !no-intent     !no-intent     !no-intent     !no-intent
TokenAsked                    !not-open      !not-open      !not-open      !not-open      !not-open      !not-open        !not-open      !not-open      !not-open      !not-open
TokenAsked/stale              !not-open      !not-open      !not-open      !not-open      !not-open      !not-open        !not-open      !not-open      !not-open      !not-open
TokenMade                     !token-state   !token-state   !token-state   !token-state   !token-state   !token-state     !token-state   !token-state   !token-state   !token-state
TokenFailed                   start          application    directory      signin         redirect       secret           secret         assign         review         secret
TokenUnclear                  start          application    directory      signin         redirect       secret           secret         assign         review         secret
OrphanFound                   !token-state   !token-state   !token-state   !token-state   !token-state   !token-state     !token-state   !token-state   !token-state   !token-state
OrphanUnlisted                start          application    directory      signin         redirect       secret           secret         assign         review         secret
TokensRemoved                 start          application    directory      signin         redirect       secret           secret         assign         review         secret
TokenShown                    !token-state   !token-state   !token-state   !token-state   !token-state   !token-state     !token-state   !token-state   !token-state   !token-state
TokenInEntra                  !token-state   !token-state   !token-state   !token-state   !token-state   !token-state     !token-state   !token-state   !token-state   !token-state
TokenInEntra/stale            !token-state   !token-state   !token-state   !token-state   !token-state   !token-state     !token-state   !token-state   !token-state   !token-state
TokenProbed                   !token-state   !token-state   !token-state   !token-state   !token-state   !token-state     !token-state   !token-state   !token-state   !token-state
TokenProbed/stale             !token-state   !token-state   !token-state   !token-state   !token-state   !token-state     !token-state   !token-state   !token-state   !token-state
ArrivalsCounted               !token-state   !token-state   !token-state   !token-state   !token-state   !token-state     !token-state   !token-state   !token-state   !token-state
ArrivalsChecked               !not-open      !not-open      !not-open      !not-open      !not-open      !not-open        !not-open      !not-open      !not-open      !not-open
TestBegan                     !not-open      !not-open      !not-open      !not-open      !not-open      !not-open        !not-open      !not-open      !not-open      !not-open
TestEnded/stale               !not-open      !not-open      !not-open      !not-open      !not-open      !not-open        !not-open      !not-open      !not-open      !not-open
TestEnded                     !not-open      !not-open      !not-open      !not-open      !not-open      !not-open        !not-open      !not-open      !not-open      !not-open
ProvisioningSeen              !not-open      !not-open      !not-open      !not-open      !not-open      !not-open        !not-open      !not-open      !not-open      !not-open
SigninSeen                    !not-open      !not-open      !not-open      !not-open      !not-open      !not-open        !not-open      !not-open      !not-open      !not-open
`

// The provider is being made or taken over. While an intent has no outcome, no answer changes.
const registeringTable = `
                              creating       failed         unclear        clash          adopting       adopted
(open)                        review         review         review         review         review         token
Started                       !busy          review         !busy          review         !busy          token
Started/two-apps              !busy          application    !busy          application    !busy          application
ApplicationCreated            !busy          review         !busy          review         !busy          token
DirectoryGiven                !busy          review         !busy          review         !busy          token
DirectoryGiven/other          !busy          redirect       !busy          redirect       !busy          redirect
SigninChosen                  !busy          review         !busy          review         !busy          token
SigninChosen/name             !busy          review         !busy          review         !busy          review
SigninChosen/scheme           !scheme-fixed  redirect       !scheme-fixed  redirect       !scheme-fixed  !scheme-fixed
RedirectAdded                 !busy          review         !busy          review         !busy          token
SecretReceived                !busy          secret         !busy          secret         !busy          secret
SecretGiven                   !busy          review         !busy          review         !busy          token
SecretChecked/good            review         review         review         review         review         token
SecretChecked/bad             review         secret         review         secret         review         secret
SecretChecked/stale           !secret-state  !secret-state  !secret-state  !secret-state  !secret-state  !secret-state
SecretDropped                 review         secret         review         secret         review         token
Assigned                      !busy          review         !busy          review         !busy          token
RegistrationIntended/create   review         review         review         review         !busy          !not-open
RegistrationIntended/update   !busy          !not-open      !busy          !not-open      !busy          !not-open
RegistrationIntended/adopt    !busy          !not-open      !busy          review         review         !not-open
RegistrationIntended/remove   !busy          review         !busy          review         !busy          review
RegistrationIntended/unknown  !busy          !no-intent     !busy          !no-intent     !busy          !no-intent
RegistrationDone              token          !no-intent     token          !no-intent     token          !no-intent
RedirectProven                !no-intent     !no-intent     !no-intent     !no-intent     !no-intent     token
RedirectProven/differs        !no-intent     !no-intent     !no-intent     !no-intent     !no-intent     redirect
RegistrationFailed            review         review         review         review         review         token
RegistrationUnclear           review         !no-intent     review         !no-intent     review         !no-intent
SchemeTaken                   review         review         review         review         review         !scheme-fixed
Removed                       !no-intent     !no-intent     !no-intent     !no-intent     !no-intent     !no-intent
ChangesDiscarded              !busy          !no-intent     !busy          !no-intent     !busy          token
TokenAsked                    !busy          !not-open      !busy          !not-open      !busy          token
TokenAsked/stale              !busy          !not-open      !busy          !not-open      !busy          token
TokenMade                     !token-state   !token-state   !token-state   !token-state   !token-state   !token-state
TokenFailed                   review         review         review         review         review         token
TokenUnclear                  review         review         review         review         review         token
OrphanFound                   !token-state   !token-state   !token-state   !token-state   !token-state   !token-state
OrphanUnlisted                review         review         review         review         review         token
TokensRemoved                 review         review         review         review         review         token
TokenShown                    !token-state   !token-state   !token-state   !token-state   !token-state   !token-state
TokenInEntra                  !token-state   !token-state   !token-state   !token-state   !token-state   !token-state
TokenInEntra/stale            !token-state   !token-state   !token-state   !token-state   !token-state   !token-state
TokenProbed                   !token-state   !token-state   !token-state   !token-state   !token-state   !token-state
TokenProbed/stale             !token-state   !token-state   !token-state   !token-state   !token-state   !token-state
ArrivalsCounted               !token-state   !token-state   !token-state   !token-state   !token-state   !token-state
ArrivalsChecked               !not-open      !not-open      !not-open      !not-open      !not-open      !not-open
TestBegan                     !not-open      !not-open      !not-open      !not-open      !not-open      !not-open
TestEnded/stale               !not-open      !not-open      !not-open      !not-open      !not-open      !not-open
TestEnded                     !not-open      !not-open      !not-open      !not-open      !not-open      !not-open
ProvisioningSeen              !not-open      !not-open      !not-open      !not-open      !not-open      !not-open
SigninSeen                    !not-open      !not-open      !not-open      !not-open      !not-open      !not-open
`

// The provider exists; changes make a PUT due, and the scheme is fixed.
const registeredTable = `
                              registered     renamed        moved          updating       removing       removed        elsewhere
(open)                        token          review         redirect       review         review         start          redirect
Started                       token          review         redirect       !busy          !busy          application    redirect
Started/two-apps              application    application    application    !busy          !busy          application    application
ApplicationCreated            token          review         redirect       !busy          !busy          !not-open      redirect
DirectoryGiven                token          review         redirect       !busy          !busy          !not-open      redirect
DirectoryGiven/other          redirect       redirect       redirect       !busy          !busy          !not-open      redirect
SigninChosen                  token          token          redirect       !busy          !busy          !not-open      redirect
SigninChosen/name             review         review         redirect       !busy          !busy          !not-open      redirect
SigninChosen/scheme           !scheme-fixed  !scheme-fixed  !scheme-fixed  !scheme-fixed  !scheme-fixed  !not-open      !scheme-fixed
RedirectAdded                 token          review         secret         !busy          !busy          !not-open      token
SecretReceived                secret         secret         !not-open      !busy          !busy          !not-open      !not-open
SecretGiven                   token          review         !not-open      !busy          !busy          !not-open      !not-open
SecretChecked/good            token          review         !secret-state  review         review         !secret-state  redirect
SecretChecked/bad             secret         secret         !secret-state  review         review         !secret-state  redirect
SecretChecked/stale           !secret-state  !secret-state  !secret-state  !secret-state  !secret-state  !secret-state  !secret-state
SecretDropped                 token          secret         redirect       review         review         start          redirect
Assigned                      token          review         !not-open      !busy          !busy          !not-open      !not-open
RegistrationIntended/create   !not-open      !not-open      !not-open      !busy          !busy          !not-open      !not-open
RegistrationIntended/update   !not-open      review         !not-open      review         !busy          !not-open      !not-open
RegistrationIntended/adopt    !not-open      !not-open      !not-open      !busy          !busy          !not-open      !not-open
RegistrationIntended/remove   review         review         redirect       !busy          review         start          redirect
RegistrationIntended/unknown  !no-intent     !no-intent     !no-intent     !busy          !busy          !no-intent     !no-intent
RegistrationDone              !no-intent     !no-intent     !no-intent     token          !no-intent     !no-intent     !no-intent
RedirectProven                token          review         redirect       !busy          !busy          !no-intent     redirect
RedirectProven/differs        redirect       redirect       redirect       !busy          !busy          !no-intent     redirect
RegistrationFailed            token          review         redirect       review         token          start          redirect
RegistrationUnclear           !no-intent     !no-intent     !no-intent     review         review         !no-intent     !no-intent
SchemeTaken                   !scheme-fixed  !scheme-fixed  !scheme-fixed  !scheme-fixed  !scheme-fixed  start          !scheme-fixed
Removed                       !no-intent     !no-intent     !no-intent     !no-intent     start          !no-intent     !no-intent
ChangesDiscarded              token          token          token          !busy          !busy          !no-intent     redirect
TokenAsked                    token          !not-open      !not-open      !busy          !busy          !not-open      !not-open
TokenAsked/stale              token          !not-open      !not-open      !busy          !busy          !not-open      !not-open
TokenMade                     !token-state   !token-state   !token-state   !token-state   !token-state   !token-state   !token-state
TokenFailed                   token          review         redirect       review         review         start          redirect
TokenUnclear                  token          review         redirect       review         review         start          redirect
OrphanFound                   !token-state   !token-state   !token-state   !token-state   !token-state   !token-state   !token-state
OrphanUnlisted                token          review         redirect       review         review         start          redirect
TokensRemoved                 token          review         redirect       review         review         start          redirect
TokenShown                    !token-state   !token-state   !token-state   !token-state   !token-state   !token-state   !token-state
TokenInEntra                  !token-state   !token-state   !token-state   !token-state   !token-state   !token-state   !token-state
TokenInEntra/stale            !token-state   !token-state   !token-state   !token-state   !token-state   !token-state   !token-state
TokenProbed                   !token-state   !token-state   !token-state   !token-state   !token-state   !token-state   !token-state
TokenProbed/stale             !token-state   !token-state   !token-state   !token-state   !token-state   !token-state   !token-state
ArrivalsCounted               !token-state   !token-state   !token-state   !token-state   !token-state   !token-state   !token-state
ArrivalsChecked               !not-open      !not-open      !not-open      !not-open      !not-open      !not-open      !not-open
TestBegan                     !not-open      !not-open      !not-open      !not-open      !not-open      !not-open      !not-open
TestEnded/stale               !not-open      !not-open      !not-open      !not-open      !not-open      !not-open      !not-open
TestEnded                     !not-open      !not-open      !not-open      !not-open      !not-open      !not-open      !not-open
ProvisioningSeen              !not-open      !not-open      !not-open      !not-open      !not-open      !not-open      !not-open
SigninSeen                    !not-open      !not-open      !not-open      !not-open      !not-open      !not-open      !not-open
`

// The first SCIM token, from intent to pasted.
const tokenTable = `
                              asked          lost           orphaned       refused        sealed         claimed        pasted         waiting
(open)                        token          token          token          token          token          token          provisioning   provisioning
Started                       token          token          token          token          token          token          provisioning   provisioning
Started/two-apps              application    application    application    application    application    application    application    application
ApplicationCreated            token          token          token          token          token          token          provisioning   provisioning
DirectoryGiven                token          token          token          token          token          token          provisioning   provisioning
DirectoryGiven/other          redirect       redirect       redirect       redirect       redirect       redirect       redirect       redirect
SigninChosen                  token          token          token          token          token          token          provisioning   provisioning
SigninChosen/name             review         review         review         review         review         review         review         review
SigninChosen/scheme           !scheme-fixed  !scheme-fixed  !scheme-fixed  !scheme-fixed  !scheme-fixed  !scheme-fixed  !scheme-fixed  !scheme-fixed
RedirectAdded                 token          token          token          token          token          token          provisioning   provisioning
SecretReceived                secret         secret         secret         secret         secret         secret         secret         secret
SecretGiven                   token          token          token          token          token          token          provisioning   provisioning
SecretChecked/good            token          token          token          token          token          token          provisioning   provisioning
SecretChecked/bad             secret         secret         secret         secret         secret         secret         secret         secret
SecretChecked/stale           !secret-state  !secret-state  !secret-state  !secret-state  !secret-state  !secret-state  !secret-state  !secret-state
SecretDropped                 token          token          token          token          token          token          provisioning   provisioning
Assigned                      token          token          token          token          token          token          provisioning   provisioning
RegistrationIntended/create   !not-open      !not-open      !not-open      !not-open      !not-open      !not-open      !not-open      !not-open
RegistrationIntended/update   !not-open      !not-open      !not-open      !not-open      !not-open      !not-open      !not-open      !not-open
RegistrationIntended/adopt    !not-open      !not-open      !not-open      !not-open      !not-open      !not-open      !not-open      !not-open
RegistrationIntended/remove   !busy          !busy          !busy          review         review         review         review         review
RegistrationIntended/unknown  !no-intent     !no-intent     !no-intent     !no-intent     !no-intent     !no-intent     !no-intent     !no-intent
RegistrationDone              !no-intent     !no-intent     !no-intent     !no-intent     !no-intent     !no-intent     !no-intent     !no-intent
RedirectProven                token          token          token          token          token          token          provisioning   provisioning
RedirectProven/differs        redirect       redirect       redirect       redirect       redirect       redirect       redirect       redirect
RegistrationFailed            token          token          token          token          token          token          provisioning   provisioning
RegistrationUnclear           !no-intent     !no-intent     !no-intent     !no-intent     !no-intent     !no-intent     !no-intent     !no-intent
SchemeTaken                   !scheme-fixed  !scheme-fixed  !scheme-fixed  !scheme-fixed  !scheme-fixed  !scheme-fixed  !scheme-fixed  !scheme-fixed
Removed                       !no-intent     !no-intent     !no-intent     !no-intent     !no-intent     !no-intent     !no-intent     !no-intent
ChangesDiscarded              token          token          token          token          token          token          provisioning   provisioning
TokenAsked                    token          token          token          token          token          token          token          token
TokenAsked/stale              token          token          token          token          !token-state   !token-state   !token-state   !token-state
TokenMade                     token          token          token          !token-state   !token-state   !token-state   !token-state   !token-state
TokenFailed                   token          token          token          token          token          token          provisioning   provisioning
TokenUnclear                  token          token          token          token          token          token          provisioning   provisioning
OrphanFound                   token          token          token          token          token          token          provisioning   provisioning
OrphanUnlisted                token          token          token          token          token          token          provisioning   provisioning
TokensRemoved                 token          token          token          token          token          token          token          token
TokenShown                    !token-state   !token-state   !token-state   !token-state   token          !token-state   !token-state   !token-state
TokenInEntra                  !token-state   !token-state   !token-state   !token-state   !token-state   provisioning   provisioning   provisioning
TokenInEntra/stale            !token-state   !token-state   !token-state   !token-state   !token-state   !token-state   !token-state   !token-state
TokenProbed                   !token-state   !token-state   !token-state   !token-state   token          token          provisioning   provisioning
TokenProbed/stale             !token-state   !token-state   !token-state   !token-state   !token-state   !token-state   !token-state   !token-state
ArrivalsCounted               !token-state   !token-state   !token-state   !token-state   token          token          provisioning   provisioning
ArrivalsChecked               !not-open      !not-open      !not-open      !not-open      !not-open      !not-open      provisioning   provisioning
TestBegan                     !not-open      !not-open      !not-open      !not-open      !not-open      !not-open      !not-open      !not-open
TestEnded/stale               !not-open      !not-open      !not-open      !not-open      !not-open      !not-open      !not-open      !not-open
TestEnded                     !not-open      !not-open      !not-open      !not-open      !not-open      !not-open      !not-open      !not-open
ProvisioningSeen              !not-open      !not-open      !not-open      !not-open      !not-open      !not-open      signin-test    signin-test
SigninSeen                    !not-open      !not-open      !not-open      !not-open      !not-open      !not-open      !not-open      !not-open
`

// After the token, and its replacement.
const laterTable = `
                              provisioned    finished       changed          replacing      resealed       reclaimed      replaced
(open)                        signin-test    done           secret           token          token          token          done
Started                       signin-test    done           secret           token          token          token          done
Started/two-apps              application    application    application      application    application    application    application
ApplicationCreated            signin-test    done           secret           token          token          token          done
DirectoryGiven                signin-test    done           secret           token          token          token          done
DirectoryGiven/other          redirect       redirect       redirect         redirect       redirect       redirect       redirect
SigninChosen                  signin-test    done           done             token          token          token          done
SigninChosen/name             review         secret         secret           secret         secret         secret         secret
SigninChosen/scheme           !scheme-fixed  !scheme-fixed  !scheme-fixed    !scheme-fixed  !scheme-fixed  !scheme-fixed  !scheme-fixed
RedirectAdded                 signin-test    done           secret           token          token          token          done
SecretReceived                secret         secret         secret           secret         secret         secret         secret
SecretGiven                   signin-test    done           !secret.missing  token          token          token          done
SecretChecked/good            signin-test    !secret-state  !secret-state    !secret-state  !secret-state  !secret-state  !secret-state
SecretChecked/bad             secret         !secret-state  !secret-state    !secret-state  !secret-state  !secret-state  !secret-state
SecretChecked/stale           !secret-state  !secret-state  !secret-state    !secret-state  !secret-state  !secret-state  !secret-state
SecretDropped                 signin-test    done           secret           token          token          token          done
Assigned                      signin-test    done           !not-open        token          token          token          done
RegistrationIntended/create   !not-open      !not-open      !not-open        !not-open      !not-open      !not-open      !not-open
RegistrationIntended/update   !not-open      !not-open      !not-open        !not-open      !not-open      !not-open      !not-open
RegistrationIntended/adopt    !not-open      !not-open      !not-open        !not-open      !not-open      !not-open      !not-open
RegistrationIntended/remove   review         review         review           !busy          review         review         review
RegistrationIntended/unknown  !no-intent     !no-intent     !no-intent       !no-intent     !no-intent     !no-intent     !no-intent
RegistrationDone              !no-intent     !no-intent     !no-intent       !no-intent     !no-intent     !no-intent     !no-intent
RedirectProven                signin-test    done           secret           token          token          token          done
RedirectProven/differs        redirect       redirect       redirect         redirect       redirect       redirect       redirect
RegistrationFailed            signin-test    done           secret           token          token          token          done
RegistrationUnclear           !no-intent     !no-intent     !no-intent       !no-intent     !no-intent     !no-intent     !no-intent
SchemeTaken                   !scheme-fixed  !scheme-fixed  !scheme-fixed    !scheme-fixed  !scheme-fixed  !scheme-fixed  !scheme-fixed
Removed                       !no-intent     !no-intent     !no-intent       !no-intent     !no-intent     !no-intent     !no-intent
ChangesDiscarded              signin-test    done           done             token          token          token          done
TokenAsked                    token          token          !not-open        token          token          token          token
TokenAsked/stale              !token-state   !token-state   !not-open        token          !token-state   !token-state   !token-state
TokenMade                     !token-state   !token-state   !token-state     token          !token-state   !token-state   !token-state
TokenFailed                   signin-test    done           secret           token          token          token          done
TokenUnclear                  signin-test    done           secret           token          token          token          done
OrphanFound                   signin-test    done           secret           token          token          token          done
OrphanUnlisted                signin-test    done           secret           token          token          token          done
TokensRemoved                 token          token          secret           token          token          token          done
TokenShown                    !token-state   !token-state   !token-state     !token-state   token          !token-state   !token-state
TokenInEntra                  signin-test    done           secret           !token-state   !token-state   done           done
TokenInEntra/stale            !token-state   !token-state   !token-state     !token-state   !token-state   !token-state   !token-state
TokenProbed                   signin-test    done           secret           !token-state   token          token          done
TokenProbed/stale             !token-state   !token-state   !token-state     !token-state   !token-state   !token-state   !token-state
ArrivalsCounted               signin-test    done           secret           !token-state   token          token          done
ArrivalsChecked               signin-test    done           !not-open        !not-open      !not-open      !not-open      done
TestBegan                     signin-test    done           !not-open        !not-open      !not-open      !not-open      done
TestEnded/stale               !trial-state   !trial-state   !not-open        !not-open      !not-open      !not-open      !trial-state
TestEnded                     signin-test    done           !not-open        !not-open      !not-open      !not-open      done
ProvisioningSeen              signin-test    done           !not-open        !not-open      !not-open      !not-open      done
SigninSeen                    done           done           !not-open        !not-open      !not-open      !not-open      done
`
