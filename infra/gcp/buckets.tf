locals {
  # What is deleted is gone. The audit alone is kept from being deleted for a while.
  buckets = {
    vault   = { retention_days = null, life_days = null }
    keys    = { retention_days = null, life_days = null }
    ledger  = { retention_days = null, life_days = null }
    audit   = { retention_days = var.audit_retention_days, life_days = null }
    reports = { retention_days = null, life_days = var.report_days }
    source  = { retention_days = null, life_days = null }
  }
}

module "bucket" {
  source   = "./modules/bucket"
  for_each = local.buckets

  name             = "${var.project}-${each.key}"
  region           = var.region
  key              = one(google_kms_crypto_key.buckets[*].id)
  retention_days   = each.value.retention_days
  retention_locked = var.audit_locked
  life_days        = each.value.life_days

  depends_on = [google_kms_crypto_key_iam_member.storage]
}

# Grants differ by folder: overwriting takes the right to delete, so few may overwrite anything.
resource "google_storage_managed_folder" "ledger" {
  for_each = toset(keys(local.on_folders))

  bucket = module.bucket["ledger"].name
  name   = each.key
}

# One archive for all functions, under the name of its content: a deploy changes what bytes changed.
resource "google_storage_bucket_object" "archive" {
  bucket = module.bucket["source"].name
  name   = "custody-${filesha256(var.archive)}.zip"
  source = var.archive
}
