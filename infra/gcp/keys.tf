# Keys are made in KMS and never leave it. Terraform lets nobody destroy one: docs/iam.md.
resource "google_kms_key_ring" "custody" {
  name     = "custody"
  location = var.region
}

# Wraps the keyset of each epoch. Erasure deletes the wrapped keysets, never this key.
resource "google_kms_crypto_key" "kek" {
  name                       = "kek"
  key_ring                   = google_kms_key_ring.custody.id
  purpose                    = "ENCRYPT_DECRYPT"
  rotation_period            = "7776000s" # 90 days; what an older version wrapped stays readable
  destroy_scheduled_duration = local.second_thoughts

  version_template {
    algorithm        = "GOOGLE_SYMMETRIC_ENCRYPTION"
    protection_level = "SOFTWARE"
  }

  lifecycle {
    prevent_destroy = true
  }
}

# Signs receipts and the checkpoints of the audit.
resource "google_kms_crypto_key" "signing" {
  name                       = "signing"
  key_ring                   = google_kms_key_ring.custody.id
  purpose                    = "ASYMMETRIC_SIGN"
  destroy_scheduled_duration = local.second_thoughts

  version_template {
    algorithm        = "EC_SIGN_P256_SHA256"
    protection_level = "SOFTWARE"
  }

  lifecycle {
    prevent_destroy = true
  }
}

# Encrypts the buckets themselves, where var.cmek says so.
resource "google_kms_crypto_key" "buckets" {
  count = var.cmek ? 1 : 0

  name                       = "buckets"
  key_ring                   = google_kms_key_ring.custody.id
  purpose                    = "ENCRYPT_DECRYPT"
  rotation_period            = "7776000s"
  destroy_scheduled_duration = local.second_thoughts

  version_template {
    algorithm        = "GOOGLE_SYMMETRIC_ENCRYPTION"
    protection_level = "SOFTWARE"
  }

  lifecycle {
    prevent_destroy = true
  }
}

locals {
  second_thoughts = "2592000s" # 30 days, in which a destroyed version can be restored
}

# The secret behind the tokens of Drive's channels. Its value is put in by a person, and is in no
# state file: docs/deploy.md.
resource "google_secret_manager_secret" "push" {
  secret_id = "push-secret"

  replication {
    user_managed {
      replicas {
        location = var.region
      }
    }
  }
}
