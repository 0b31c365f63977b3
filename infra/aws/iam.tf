# Who may do what. docs/iam.md has the same as a table, and a test compares both ways.
#
# No identity can both read keysets and delete, only erase_offsite deletes, and only by version.
# Nobody may lift a lock or change a bucket: that takes whoever runs Terraform.
locals {
  everything = "*"
  keysets    = ["*.keyset", "*.recovery"] # wrapped for Google's key, and for the offline one
  marks      = ["*.destroyed"]

  # What one may see of a bucket without reading anything in it: what an erasure's plan needs.
  inspect = [
    "s3:ListBucketVersions", "s3:ListBucketMultipartUploads", "s3:GetBucketObjectLockConfiguration",
    "s3:GetBucketVersioning", "s3:GetLifecycleConfiguration", "s3:GetReplicationConfiguration",
  ]
  see_locks = ["s3:GetObjectRetention", "s3:GetObjectLegalHold"]
  take_away = ["s3:DeleteObjectVersion", "s3:AbortMultipartUpload"]

  # On a bucket itself: by identity and bucket.
  on_buckets = {
    replicate     = { versions = ["s3:ListBucket"] }
    reconcile     = { versions = ["s3:ListBucket"] }
    drill         = { versions = ["s3:ListBucket"], keysets = ["s3:ListBucket"] }
    retention     = { versions = ["s3:ListBucket"] }
    erase_offsite = { versions = local.inspect, keysets = concat(["s3:ListBucket"], local.inspect) }
    operators = {
      versions = concat(["s3:ListBucket"], local.inspect)
      keysets  = concat(["s3:ListBucket"], local.inspect)
    }
    restorers = { versions = ["s3:ListBucket"], keysets = ["s3:ListBucket"] }
  }

  # On what lies in it: by identity, bucket, and how its names end.
  on_objects = {
    replicate = [
      { place = "versions", names = [local.everything], calls = ["s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload"] },
    ]
    reconcile = []
    drill = [
      { place = "versions", names = [local.everything], calls = ["s3:GetObject"] },
      { place = "keysets", names = ["*.keyset"], calls = ["s3:GetObject"] },
    ]
    retention = []
    erase_offsite = [
      { place = "versions", names = [local.everything], calls = concat(local.take_away, local.see_locks) },
      { place = "keysets", names = local.keysets, calls = local.take_away },
      { place = "keysets", names = local.marks, calls = ["s3:PutObject"] },
    ]
    operators = [
      { place = "versions", names = [local.everything], calls = local.see_locks },
      { place = "keysets", names = local.keysets, calls = ["s3:GetObject", "s3:PutObject"] },
    ]
    restorers = [
      { place = "versions", names = [local.everything], calls = ["s3:GetObject"] },
      { place = "keysets", names = local.keysets, calls = ["s3:GetObject", "s3:PutObject"] },
    ]
  }

  # Whoever stores may lock what it stores, in no other way and for no longer than was promised.
  locking = var.lock_days == 0 ? [] : [{
    Effect   = "Allow"
    Action   = ["s3:PutObjectRetention"]
    Resource = ["${aws_s3_bucket.this["versions"].arn}/*"]
    Condition = {
      StringEquals          = { "s3:object-lock-mode" = var.lock_mode }
      NumericLessThanEquals = { "s3:object-lock-remaining-retention-days" = tostring(var.lock_days) }
    }
  }]

  policies = { for who, places in local.on_buckets : who => jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [for place, calls in places : {
        Effect   = "Allow"
        Action   = calls
        Resource = [aws_s3_bucket.this[place].arn]
      }],
      [for one in local.on_objects[who] : {
        Effect   = "Allow"
        Action   = one.calls
        Resource = [for name in one.names : "${aws_s3_bucket.this[one.place].arn}/${name}"]
      }],
      who == "replicate" ? local.locking : [],
    )
  }) }

  people = ["operators", "restorers"]

  # The functions' roles by name: infra/gcp knows them, too.
  functions = {
    for who in keys(local.on_buckets) : who => "custody-${var.environment}-${replace(who, "_", "-")}"
    if !contains(local.people, who)
  }
}

# Google vouches for who comes: a token of the one identity, made for this one role. Where a token
# has an `azp`, AWS compares that under the name `aud`, and the token's own `aud` under `oaud` (IAM,
# "Available keys for AWS OIDC federation").
resource "aws_iam_role" "function" {
  for_each = local.functions

  name                 = each.value
  description          = "Custody: the function ${each.key}, at Google"
  max_session_duration = 3600
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Federated = "accounts.google.com" }
      Action    = "sts:AssumeRoleWithWebIdentity"
      Condition = { StringEquals = {
        "accounts.google.com:sub"  = var.identities[each.key]
        "accounts.google.com:aud"  = var.identities[each.key]
        "accounts.google.com:oaud" = "arn:aws:iam::${var.account}:role/${each.value}"
      } }
    }]
  })
}

resource "aws_iam_role_policy" "function" {
  for_each = local.functions

  name   = "custody"
  role   = aws_iam_role.function[each.key].id
  policy = local.policies[each.key]
}

# For people: to be attached to whatever they come by, such as a permission set of the Identity Center.
resource "aws_iam_policy" "people" {
  for_each = toset(local.people)

  name        = "custody-${var.environment}-${each.key}"
  description = "Custody: what ${each.key} need at Amazon"
  policy      = local.policies[each.key]
}
