# What builds the functions' images: an identity that reads sources, writes images, and no more.
resource "google_service_account" "builder" {
  account_id   = "custody-builder"
  display_name = "Custody: builds the functions"
}

resource "google_artifact_registry_repository" "functions" {
  repository_id = "functions"
  location      = var.region
  format        = "DOCKER"

  cleanup_policies {
    id     = "old"
    action = "DELETE"

    condition {
      older_than = "2592000s"
    }
  }

  cleanup_policies {
    id     = "last-ones"
    action = "KEEP"

    most_recent_versions {
      keep_count = 3
    }
  }
}
