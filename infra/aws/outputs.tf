output "buckets" {
  description = "The two buckets."
  value       = { for kind, one in aws_s3_bucket.this : kind => one.id }

  depends_on = [aws_s3_bucket_policy.this, aws_s3_bucket_versioning.this]
}

output "policies" {
  description = "The policies for people, to be attached to their permission sets."
  value       = { for who, one in aws_iam_policy.people : who => one.arn }
}

output "roles" {
  description = "The role of each function."
  value       = { for who, one in aws_iam_role.function : who => one.arn }
}
