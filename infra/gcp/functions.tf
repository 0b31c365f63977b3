# Every function: the topic that it listens to, how long one delivery may take, how much it is given
# and what it publishes. The same as custody/domain/topology.py, which a test compares.
locals {
  functions = merge(local.feed, local.custody, local.erasure)

  feed = {
    receive_push = {
      entry       = "receive_push"
      topic       = null # the world calls it
      timeout     = 30
      memory      = "512Mi"
      instances   = 10
      concurrency = 40
      publishes   = ["drive-pushes"]
    }
    drain_changes = {
      entry       = "drain_changes"
      topic       = "drive-pushes"
      timeout     = 540
      memory      = "512Mi"
      instances   = 1 # one drain for each change log, and a lease besides
      concurrency = 4 # a push that meets the lease says so and goes
      publishes   = ["drive-pushes", "files-touched", "timers"]
    }
    capture = {
      entry       = "capture"
      topic       = "files-touched"
      timeout     = 540
      memory      = "512Mi" # measured: 164 MiB for a delta of 5 GB
      instances   = 20
      concurrency = 1
      # What is put into a fenced folder is rung for, to be erased.
      publishes = ["files-touched", "versions-stored", "erasure-tasks-drive"]
    }
    renew_watches = {
      entry       = "renew_watches"
      topic       = "timers"
      timeout     = 120
      memory      = "512Mi"
      instances   = 1
      concurrency = 1
      publishes   = []
    }
    reconcile = {
      entry       = "reconcile"
      topic       = "timers"
      timeout     = 540
      memory      = "1Gi"
      instances   = 1
      concurrency = 1
      publishes   = concat(["deletion-requests", "files-touched", "timers", "versions-stored"], local.erasure_topics)
    }
  }

  # What becomes of a version once it is stored.
  custody = {
    replicate = {
      entry       = "replicate"
      topic       = "versions-stored"
      timeout     = 540
      memory      = "512Mi"
      instances   = 10
      concurrency = 1
      publishes   = []
    }
    drill = {
      entry       = "drill"
      topic       = "timers"
      timeout     = 540
      memory      = "1Gi"
      instances   = 1
      concurrency = 1
      # What is damaged is ordered to go, and its whole twin takes its place.
      publishes = ["versions-stored", "erasure-tasks-vault", "erasure-tasks-offsite"]
    }
    retention = {
      entry       = "retention"
      topic       = "timers"
      timeout     = 540
      memory      = "1Gi"
      instances   = 1
      concurrency = 1
      publishes   = ["timers", "erasure-tasks-vault", "erasure-tasks-offsite"]
    }
  }

  erasure = merge(
    {
      request_erasure = {
        entry       = "request_erasure"
        topic       = "deletion-requests"
        timeout     = 540
        memory      = "512Mi"
        instances   = 3
        concurrency = 1
        publishes   = local.erasure_topics
      }
    },
    # One function, deployed once for each copy.
    {
      for copy, behind in local.copies : "erase_${copy}" => {
        entry       = "erase"
        topic       = "erasure-tasks-${copy}"
        timeout     = 540
        memory      = "512Mi"
        instances   = 5
        concurrency = 1
        publishes = concat(
          [for one in concat([copy], behind) : "erasure-tasks-${one}"],
          # What goes because it is damaged is rung for, to be replaced by its twin.
          contains(local.stored_in, copy) ? ["versions-stored"] : [],
        )
      }
    },
  )

  # Where data of a holding lives, and which copies wait for this one.
  copies = {
    keys    = ["vault", "offsite", "drive", "ledger"]
    vault   = ["ledger"]
    offsite = ["ledger"] # at a termination, when it is the last
    drive   = ["ledger"]
    ledger  = []
  }

  stored_in = ["vault", "offsite"] # the copies that hold versions

  erasers = [for copy in keys(local.copies) : "erase_${copy}"]

  settings = {
    CUSTODY_PROJECT                = var.project
    CUSTODY_ENVIRONMENT            = var.environment
    CUSTODY_REGION                 = var.region
    CUSTODY_VAULT_BUCKET           = module.bucket["vault"].name
    CUSTODY_KEYS_BUCKET            = module.bucket["keys"].name
    CUSTODY_LEDGER_BUCKET          = module.bucket["ledger"].name
    CUSTODY_AUDIT_BUCKET           = module.bucket["audit"].name
    CUSTODY_OFFSITE_BUCKET         = local.offsite.versions
    CUSTODY_OFFSITE_KEYS_BUCKET    = local.offsite.keysets
    CUSTODY_OFFSITE_REGION         = var.offsite_region
    CUSTODY_LOCK_DAYS              = var.lock_days
    CUSTODY_LOCK_MODE              = var.lock_mode
    CUSTODY_KEK_URI                = "gcp-kms://${google_kms_crypto_key.kek.id}"
    CUSTODY_SIGNING_KEY_URI        = "gcp-kms://${google_kms_crypto_key.signing.id}"
    CUSTODY_PUSH_URL               = "https://${var.region}-${var.project}.cloudfunctions.net/receive-push"
    CUSTODY_DRIVE_ID               = var.drive_id
    CUSTODY_DRIVE_CALLS_PER_MINUTE = var.drive_calls_per_minute
    CUSTODY_SUBJECT                = google_service_account.reader.email
    CUSTODY_QUIESCENCE_SECONDS     = 900
    CUSTODY_ERASURE_DEADLINE_DAYS  = var.erasure_deadline_days
    CUSTODY_FOUR_EYES              = var.four_eyes
    CUSTODY_FOUR_EYES_OBJECTS      = var.four_eyes_objects
  }

  secrets_of = {
    receive_push  = { CUSTODY_PUSH_SECRET = google_secret_manager_secret.push.secret_id }
    renew_watches = { CUSTODY_PUSH_SECRET = google_secret_manager_secret.push.secret_id }
  }
}

module "function" {
  source   = "./modules/function"
  for_each = local.functions

  name        = each.key
  project     = var.project
  region      = var.region
  entry       = each.value.entry
  timeout     = each.value.timeout
  memory      = each.value.memory
  instances   = each.value.instances
  concurrency = each.value.concurrency
  builder     = google_service_account.builder.name
  repository  = google_artifact_registry_repository.functions.id
  archive = {
    bucket = google_storage_bucket_object.archive.bucket
    object = google_storage_bucket_object.archive.name
  }
  settings = merge(local.settings, lookup(local.role_of, each.key, {}))
  secrets  = lookup(local.secrets_of, each.key, {})
  delivery = each.value.topic == null ? null : {
    topic      = google_pubsub_topic.topic[each.value.topic].id
    dead_topic = google_pubsub_topic.dead[each.value.topic].id
    agent      = local.agents.pubsub
    # A timer wakes its own function alone, and so a heartbeat is one's own.
    filter = each.value.topic == "timers" ? "attributes.timer = \"${each.key}\"" : null
  }

  depends_on = [
    google_artifact_registry_repository_iam_member.builder,
    google_project_iam_member.build_log,
    google_project_iam_member.build_sources,
    google_storage_bucket_iam_member.builder,
  ]
}
