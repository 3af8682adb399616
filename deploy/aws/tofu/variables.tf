# What the values must look like is checked in ./user-data.

variable "server" {
  description = "What recognises: nim, or legacy for a Riva 2.x server whose models an operator deploys"
  type        = string
  default     = "nim"
}

variable "speech_image" {
  description = "Image of the recogniser, by digest"
  type        = string
}

variable "gateway_image" {
  description = "Image of riva-bench for the gateway, by digest; empty = no gateway"
  type        = string
  default     = ""
}

variable "node_exporter_image" {
  description = "Image of Prometheus' node exporter, by digest; empty = none"
  type        = string
  default     = ""
}

variable "gpu_exporter_image" {
  description = "Image of NVIDIA's DCGM exporter, by digest; empty = none"
  type        = string
  default     = ""
}

variable "nim_tags_selector" {
  description = "Which profile of its models a NIM loads"
  type        = string
  default     = "mode=str"
}

variable "ngc_secret_arn" {
  description = "Secret of Secrets Manager whose plain text is the NGC API key"
  type        = string
}

variable "name" {
  description = "Name of the instance, and how names of the rest begin"
  type        = string
  default     = "riva-host"
}

variable "instance_type" {
  description = "An NVIDIA GPU with 24 GB (g5, g6) or 48 GB (g6e)"
  type        = string
  default     = "g6.2xlarge"

  validation {
    condition     = can(regex("^(g5|g6|g6e)\\.[24]?xlarge$", var.instance_type))
    error_message = "g5, g6 or g6e with one GPU: xlarge, 2xlarge or 4xlarge."
  }
}

variable "ami_id" {
  description = "AMI with NVIDIA's driver, Docker, the NVIDIA container toolkit, AWS CLI and the SSM agent"
  type        = string
}

variable "disk_gigabytes" {
  description = "Size of the disk; a NIM with its models takes some 60 GB"
  type        = number
  default     = 200

  validation {
    condition     = var.disk_gigabytes >= 100 && var.disk_gigabytes <= 16384
    error_message = "100 to 16384."
  }
}

variable "subnet_id" {
  description = "Subnet of the host, with a way out to nvcr.io"
  type        = string
}

variable "public_address" {
  description = "Whether the host gets a public address; it needs one in a subnet without NAT"
  type        = bool
  default     = false
}

variable "allowed_cidr" {
  description = "IPv4 range that reaches the ports; empty = nobody, and never everybody"
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^(([0-9]{1,3}\\.){3}[0-9]{1,3}/([89]|[12][0-9]|3[0-2]))?$", var.allowed_cidr))
    error_message = "An IPv4 range of /8 or smaller, or empty."
  }
}
