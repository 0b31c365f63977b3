# A bucket in one region that nobody outside sees, and that forgets what is deleted.
resource "google_storage_bucket" "this" {
  name                        = var.name
  location                    = var.region
  storage_class               = "STANDARD"
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = false

  soft_delete_policy {
    retention_duration_seconds = 0
  }

  versioning {
    enabled = false
  }

  lifecycle_rule {
    action {
      type = "AbortIncompleteMultipartUpload"
    }

    condition {
      age = 1
    }
  }

  dynamic "lifecycle_rule" {
    for_each = var.life_days[*]

    content {
      action {
        type = "Delete"
      }

      condition {
        age = lifecycle_rule.value
      }
    }
  }

  dynamic "retention_policy" {
    for_each = var.retention_days[*]

    content {
      retention_period = retention_policy.value * 24 * 3600
      is_locked        = var.retention_locked
    }
  }

  dynamic "encryption" {
    for_each = var.key[*]

    content {
      default_kms_key_name = encryption.value
    }
  }

  lifecycle {
    prevent_destroy = true
  }
}
