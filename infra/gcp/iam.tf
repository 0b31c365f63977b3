# Who may do what. docs/iam.md has the same as one table, and a test compares both ways.
#
# Cloud Storage has one right for deleting and for overwriting. So whoever stores versions may only
# create, and the ledger is cut into folders of which each is overwritten by few.
locals {
  roles = {
    custodyGet       = ["storage.objects.get"]
    custodyList      = ["storage.objects.list"]
    custodyWriteOnce = ["storage.objects.create", "storage.objects.get"]
    custodyReplace   = ["storage.objects.create", "storage.objects.get", "storage.objects.delete"]
    custodyDelete    = ["storage.objects.delete", "storage.multipartUploads.abort"]
    custodyInspect = [
      "storage.buckets.get", "storage.objects.list", "storage.multipartUploads.list",
    ]
    custodyVerify = ["cloudkms.cryptoKeyVersions.list", "cloudkms.cryptoKeyVersions.viewPublicKey"]
    custodySign = [
      "cloudkms.cryptoKeyVersions.list",
      "cloudkms.cryptoKeyVersions.viewPublicKey",
      "cloudkms.cryptoKeyVersions.useToSign",
    ]
    custodyImpersonate = ["iam.serviceAccounts.getAccessToken"]
    custodySignJwt     = ["iam.serviceAccounts.signJwt"]
  }

  on_buckets = {
    vault = {
      custodyWriteOnce = ["capture", "replicate", "restorers"]
      custodyGet       = ["reconcile", "drill"]
      custodyList      = ["replicate", "reconcile", "drill", "retention", "restorers"]
      custodyInspect   = ["erase_vault", "operators"]
      custodyDelete    = ["erase_vault"]
    }
    keys = {
      custodyGet       = ["capture", "reconcile", "drill", "retention", "restorers"]
      custodyList      = ["capture", "reconcile", "drill", "retention", "restorers"]
      custodyWriteOnce = ["erase_keys", "operators"]
      custodyInspect   = ["erase_keys", "operators"]
      custodyDelete    = ["erase_keys"]
    }
    ledger = {
      custodyList = [
        "drain_changes", "capture", "renew_watches", "replicate", "reconcile", "drill", "retention",
        "request_erasure", "erase_keys", "erase_vault", "erase_offsite", "erase_drive", "restorers",
      ]
      custodyInspect = ["erase_ledger", "operators"]
    }
    audit = {
      custodyWriteOnce = concat(["reconcile", "retention", "request_erasure", "operators"], local.erasers)
      custodyList      = concat(["reconcile", "retention", "request_erasure", "operators"], local.erasers)
    }
  }

  on_folders = {
    "fences/" = {
      custodyWriteOnce = ["request_erasure"]
      custodyGet = concat(
        ["capture", "replicate", "reconcile", "drill", "retention", "operators", "restorers"],
        local.erasers,
      )
    }
    "holds/" = {
      custodyReplace = ["operators"]
      custodyGet     = concat(["retention", "request_erasure", "restorers"], local.erasers)
      custodyDelete  = ["erase_ledger"]
    }
    "registry/" = {
      custodyReplace = ["operators"]
      custodyGet = [
        "drain_changes", "capture", "reconcile", "drill", "retention", "request_erasure",
        "erase_drive", "erase_ledger", "restorers",
      ]
      custodyDelete = ["erase_ledger"]
    }
    "quarantine/" = {
      custodyWriteOnce = concat(
        ["drain_changes", "capture", "renew_watches", "replicate", "reconcile", "drill"],
        ["retention", "request_erasure", "operators", "restorers"],
        local.erasers,
      )
      custodyDelete = ["erase_ledger"]
    }
    "cursors/" = {
      custodyReplace = ["drain_changes"]
      custodyGet     = ["operators"]
    }
    "channels/" = {
      custodyReplace = ["renew_watches"]
      custodyGet     = ["operators"]
    }
    "index/" = {
      custodyReplace = ["capture", "reconcile", "retention", "erase_ledger", "restorers"]
      custodyGet     = ["drain_changes", "drill"]
    }
    # What retention let go, and what is to be deleted of an epoch that stays open. Nobody takes any
    # of it back; marks go with their epoch. Operators mark and send, restorers have the index and write orders: a person must
    # be both to have anything deleted so.
    "marks/" = {
      custodyWriteOnce = ["retention", "operators"]
      custodyGet       = ["replicate", "restorers"]
      custodyDelete    = ["erase_ledger"]
    }
    "disposals/" = {
      custodyWriteOnce = ["drill", "retention", "erase_vault", "erase_offsite", "restorers"]
    }
    "retention/plans/" = {
      custodyWriteOnce = ["retention", "operators"]
    }
    "erasures/requests/" = {
      custodyWriteOnce = ["request_erasure"]
      custodyGet       = concat(["reconcile", "operators"], local.erasers)
    }
    "erasures/decisions/" = {
      custodyWriteOnce = ["request_erasure", "operators"]
      custodyGet       = ["reconcile"]
    }
    "erasures/approvals/" = {
      custodyWriteOnce = ["operators"]
      custodyGet       = ["request_erasure"]
    }
    "erasures/plans/" = {
      custodyWriteOnce = ["operators"]
      custodyGet       = ["request_erasure"]
    }
    "erasures/tracks/" = {
      custodyWriteOnce = ["request_erasure"]
      custodyReplace   = local.erasers
      custodyGet       = ["reconcile", "drill", "operators"]
    }
    "erasures/pages/" = {
      custodyWriteOnce = local.erasers
    }
    "erasures/receipts/" = {
      custodyWriteOnce = local.erasers
      custodyGet       = ["operators"]
    }
  }

  on_keys = {
    kek = {
      "cloudkms.cryptoKeyDecrypter" = ["capture", "reconcile", "drill", "retention", "restorers"]
      "cloudkms.cryptoKeyEncrypter" = ["operators"]
    }
    signing = {
      custodySign   = concat(["reconcile"], local.erasers)
      custodyVerify = ["operators"]
    }
  }

  on_identities = {
    reader    = { custodyImpersonate = ["drain_changes", "capture", "renew_watches", "reconcile", "erase_drive", "restorers"] }
    directory = { custodySignJwt = ["directory"] }
  }

  # What a person needs to look with; what a build needs is in build.tf. Nobody has more of the whole.
  on_project = {
    "pubsub.viewer"     = ["operators"]
    "logging.viewer"    = ["operators"]
    "monitoring.viewer" = ["operators"]
  }

  publishers = merge(
    { for name, one in local.functions : name => one.publishes },
    { operators = local.topics, restorers = ["versions-stored"], gmail = ["mail-pushes"] },
    { for one in var.deletion_requesters : one => ["deletion-requests"] },
  )

  members = merge(
    { for name, one in module.function : name => one.member },
    {
      operators = "group:${var.operators}"
      restorers = "group:${var.restorers}"
      reader    = google_service_account.reader.member
      directory = google_service_account.directory.member
      gmail     = "serviceAccount:gmail-api-push@system.gserviceaccount.com"
    },
    { for one in var.deletion_requesters : one => one },
  )

  agents = {
    pubsub = "serviceAccount:service-${data.google_project.this.number}@gcp-sa-pubsub.iam.gserviceaccount.com"
  }

  # The names by which a grant calls a role: ours by its id, Google's with roles/ before it.
  role_names = merge(
    { for name, role in google_project_iam_custom_role.custody : name => role.id },
    { for name in keys(merge(local.on_keys.kek, local.on_project)) : name => "roles/${name}" },
  )
}

resource "google_project_iam_custom_role" "custody" {
  for_each = local.roles

  role_id     = each.key
  title       = "Custody: ${trimprefix(each.key, "custody")}"
  permissions = each.value
}

# The same three steps for every kind of resource: spell out, give each grant a fixed name, grant.
locals {
  bucket_grants = flatten([for place, roles in local.on_buckets : [for role, who in roles : [
    for one in who : { place = place, role = role, who = one }
  ]]])
  folder_grants = flatten([for place, roles in local.on_folders : [for role, who in roles : [
    for one in who : { place = place, role = role, who = one }
  ]]])
  key_grants = flatten([for place, roles in local.on_keys : [for role, who in roles : [
    for one in who : { place = place, role = role, who = one }
  ]]])
  identity_grants = flatten([for place, roles in local.on_identities : [for role, who in roles : [
    for one in who : { place = place, role = role, who = one }
  ]]])
  project_grants = flatten([for role, who in local.on_project : [
    for one in who : { role = role, who = one }
  ]])
  topic_grants = flatten([for who, topics in local.publishers : [
    for topic in topics : { topic = topic, who = who }
  ]])
}

resource "google_storage_bucket_iam_member" "grant" {
  for_each = { for one in local.bucket_grants : "${one.who} ${one.role} ${one.place}" => one }

  bucket = module.bucket[each.value.place].name
  role   = local.role_names[each.value.role]
  member = local.members[each.value.who]
}

resource "google_storage_managed_folder_iam_member" "grant" {
  for_each = { for one in local.folder_grants : "${one.who} ${one.role} ${one.place}" => one }

  bucket         = google_storage_managed_folder.ledger[each.value.place].bucket
  managed_folder = google_storage_managed_folder.ledger[each.value.place].name
  role           = local.role_names[each.value.role]
  member         = local.members[each.value.who]
}

resource "google_kms_crypto_key_iam_member" "grant" {
  for_each = { for one in local.key_grants : "${one.who} ${one.role} ${one.place}" => one }

  crypto_key_id = local.crypto_keys[each.value.place]
  role          = local.role_names[each.value.role]
  member        = local.members[each.value.who]
}

resource "google_service_account_iam_member" "grant" {
  for_each = { for one in local.identity_grants : "${one.who} ${one.role} ${one.place}" => one }

  service_account_id = local.role_identities[each.value.place]
  role               = local.role_names[each.value.role]
  member             = local.members[each.value.who]
}

resource "google_project_iam_member" "grant" {
  for_each = { for one in local.project_grants : "${one.who} ${one.role}" => one }

  project = var.project
  role    = local.role_names[each.value.role]
  member  = local.members[each.value.who]
}

resource "google_pubsub_topic_iam_member" "publisher" {
  for_each = { for one in local.topic_grants : "${one.who} ${one.topic}" => one }

  topic  = google_pubsub_topic.topic[each.value.topic].name
  role   = "roles/pubsub.publisher"
  member = local.members[each.value.who]
}

# Dead letters: Pub/Sub buries, operators dig up.
resource "google_pubsub_topic_iam_member" "burying" {
  for_each = local.topics

  topic  = google_pubsub_topic.dead[each.key].name
  role   = "roles/pubsub.publisher"
  member = local.agents.pubsub
}

resource "google_pubsub_subscription_iam_member" "digging" {
  for_each = local.topics

  subscription = google_pubsub_subscription.dead[each.key].name
  role         = "roles/pubsub.subscriber"
  member       = local.members.operators
}

# Cloud Storage itself uses the buckets' key, where there is one.
data "google_storage_project_service_account" "storage" {}

resource "google_kms_crypto_key_iam_member" "storage" {
  count = var.cmek ? 1 : 0

  crypto_key_id = google_kms_crypto_key.buckets[0].id
  role          = "roles/cloudkms.cryptoKeyEncrypterDecrypter"
  member        = data.google_storage_project_service_account.storage.member
}

# Whoever uses a key is written down by Google, in a log that custody cannot change.
resource "google_project_iam_audit_config" "keys" {
  project = var.project
  service = "cloudkms.googleapis.com"

  audit_log_config {
    log_type = "DATA_READ"
  }

  audit_log_config {
    log_type = "DATA_WRITE"
  }
}

locals {
  crypto_keys = {
    kek     = google_kms_crypto_key.kek.id
    signing = google_kms_crypto_key.signing.id
  }

  role_identities = {
    reader    = google_service_account.reader.name
    directory = google_service_account.directory.name
  }
}
