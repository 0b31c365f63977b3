# What Google Workspace meets. An administrator gives these their rights there: docs/deploy.md.

# Reads Drive for all functions: the shared drive and the folders of customers are shared with it.
resource "google_service_account" "reader" {
  account_id   = "custody-reader"
  display_name = "Custody: reads Drive"
}

# Reads the directory by keyless delegation: it signs for itself, and has no scope of mail or Drive.
resource "google_service_account" "directory" {
  account_id   = "custody-directory"
  display_name = "Custody: reads the directory"
}

# The consent of the one intake mailbox. Put in by a person, and in no state file.
resource "google_secret_manager_secret" "mailbox" {
  secret_id = "mailbox-token"

  replication {
    user_managed {
      replicas {
        location = var.region
      }
    }
  }
}
